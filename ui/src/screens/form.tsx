import { Box } from '@mui/material';
import type { ReactNode } from 'react';
import type { Field } from '../document/field';
import { Input } from '../fields/input';

interface Props {
  fields: Field[];
  /** Which of them must be given, and which can't be. */
  needed: (field: Field) => boolean;
  fixed?: (field: Field) => boolean;
}

/** The inputs of a form: two in a row where there is room, the long ones by themselves. */
export function FieldInputs({ fields, needed, fixed = () => false }: Props): ReactNode {
  return (
    <Box
      sx={{ width: '100%', display: 'grid', columnGap: 2, gridTemplateColumns: { xs: '1fr', md: '1fr 1fr' } }}
    >
      {fields.map((field) => (
        <Box key={field.name} sx={{ gridColumn: wide(field) ? '1 / -1' : undefined, minWidth: 0 }}>
          <Input field={field} needed={needed(field)} disabled={fixed(field)} />
        </Box>
      ))}
    </Box>
  );
}

function wide(field: Field): boolean {
  return field.kind === 'long' || field.kind === 'json' || field.kind === 'object';
}

/** What a form begins with. */
export function initialValues(fields: Field[]): Record<string, unknown> {
  const given = fields.filter(
    (field) => field.create?.initial !== undefined && field.create.initial !== null,
  );
  return Object.fromEntries(given.map((field) => [field.name, field.create?.initial]));
}
