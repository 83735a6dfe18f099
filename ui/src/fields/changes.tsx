import { Box, Table, TableBody, TableCell, TableHead, TableRow } from '@mui/material';
import type { Values } from '../data/patch';
import { label } from '../document/label';
import { textOf } from './represent';

/** What a change made of each field: the value before and the one after. */
export function Changes({ value }: { value: Values }) {
  const rows = Object.entries(value).filter((row): row is [string, [unknown, unknown]] =>
    Array.isArray(row[1]),
  );
  if (rows.length === 0) return <>Nothing was changed.</>;
  return (
    <Box sx={{ overflowX: 'auto' }} tabIndex={0} role="group" aria-label="Changes">
      <Table size="small" sx={{ '& td, & th': { overflowWrap: 'anywhere', verticalAlign: 'top' } }}>
        <TableHead>
          <TableRow>
            <TableCell>Field</TableCell>
            <TableCell>Before</TableCell>
            <TableCell>After</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(([name, [before, after]]) => (
            <TableRow key={name}>
              <TableCell component="th" scope="row">
                {label(name)}
              </TableCell>
              <TableCell>{shown(before)}</TableCell>
              <TableCell>{shown(after)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  return typeof value === 'object' ? JSON.stringify(value) : textOf(value);
}
