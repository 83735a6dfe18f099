import { Button, type ButtonProps } from '@mui/material';

/** A button above a list or a record. It says what it does on a phone as well. */
export function ToolButton<C extends React.ElementType = 'button'>(props: ButtonProps<C, { component?: C }>) {
  return <Button size="small" {...props} sx={{ whiteSpace: 'nowrap' }} />;
}
