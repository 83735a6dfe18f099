import { Box, Typography } from '@mui/material';
import { useRecordContext } from 'react-admin';
import type { Field } from '../document/field';
import type { Resource } from '../document/resource';
import { isBookkeeping } from '../fields/columns';
import { Value } from '../fields/value';
import { ActionButtons } from './actions';

/** A record that has no page of its own, where its list opens it. */
export function OpenedRecord({ resource }: { resource: Resource }) {
  return (
    <>
      <RecordDetails resource={resource} />
      <Box sx={{ px: 1.5, pb: 1 }}>
        <ActionButtons resource={resource} />
      </Box>
    </>
  );
}

/** All that is known of a record, field by field; what the server notes of every record comes last. */
export function RecordDetails({ resource }: { resource: Resource }) {
  const fields = resource.fields.filter((field) => field.shown && !field.companionOf);
  const noted = fields.filter(isBookkeeping);
  return (
    <Box sx={{ p: 2 }}>
      <Fields fields={fields.filter((field) => !noted.includes(field))} columns={2} />
      {noted.length > 0 && (
        <Box sx={{ mt: 2, pt: 2, borderTop: 1, borderColor: 'divider', fontSize: '0.875rem' }}>
          <Fields fields={noted} columns={4} />
        </Box>
      )}
    </Box>
  );
}

function Fields({ fields, columns }: { fields: Field[]; columns: number }) {
  const record = useRecordContext();
  if (!record) return null;
  const wider = { xs: '1fr', sm: '1fr 1fr', md: `repeat(${columns}, minmax(0, 1fr))` };
  return (
    <Box component="dl" sx={{ m: 0, display: 'grid', gap: 2, gridTemplateColumns: wider }}>
      {fields.map((field) => (
        <Box key={field.name} sx={{ gridColumn: wide(field) ? '1 / -1' : undefined, minWidth: 0 }}>
          <Typography component="dt" variant="body2" sx={{ color: 'text.secondary' }}>
            {field.label}
          </Typography>
          <Box component="dd" sx={{ m: 0, mt: 0.25, overflowWrap: 'anywhere' }}>
            <Value field={field} record={record} />
          </Box>
        </Box>
      ))}
    </Box>
  );
}

function wide(field: Field): boolean {
  return field.kind === 'long' || field.kind === 'json' || field.kind === 'changes';
}
