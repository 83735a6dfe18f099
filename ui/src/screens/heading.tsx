import { Box, Link as MuiLink, Typography } from '@mui/material';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';

interface Props {
  text: string;
  /** What it is one of, and where all of those are. */
  above?: string;
  to?: string;
  children?: ReactNode;
}

/** The head of a page: where one is, and what can be done here. */
export function Heading({ text, above, to, children }: Props) {
  return (
    <Box
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'flex-end',
        justifyContent: 'space-between',
        gap: 1,
        mb: 2,
      }}
    >
      <Box sx={{ minWidth: 0 }}>
        {above && to && (
          <MuiLink component={Link} to={to} variant="body2">
            {above}
          </MuiLink>
        )}
        <Typography variant="h5" component="h2" sx={{ overflowWrap: 'anywhere' }}>
          {text}
        </Typography>
      </Box>
      {children}
    </Box>
  );
}
