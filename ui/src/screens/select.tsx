import { Checkbox } from '@mui/material';
import { useListContext, useRecordContext } from 'react-admin';
import type { Resource } from '../document/resource';
import { represent } from '../fields/represent';

/** Chooses all records of the page, or none of them. */
export function SelectPage() {
  const { data = [], selectedIds = [], onSelect } = useListContext();
  const ids = data.map(({ id }) => id);
  const chosen = ids.filter((id) => selectedIds.includes(id)).length;
  const others = selectedIds.filter((id) => !ids.includes(id));
  return (
    <Checkbox
      size="small"
      checked={chosen > 0 && chosen === ids.length}
      indeterminate={chosen > 0 && chosen < ids.length}
      onChange={(event) => onSelect(event.target.checked ? [...others, ...ids] : others)}
      slotProps={{ input: { 'aria-label': 'Select all' } }}
    />
  );
}

/** Chooses one record. */
export function SelectRow({ resource }: { resource: Resource }) {
  const record = useRecordContext();
  const { selectedIds = [], onToggleItem } = useListContext();
  if (!record) return null;
  return (
    <Checkbox
      size="small"
      checked={selectedIds.includes(record.id)}
      onChange={() => onToggleItem(record.id)}
      onClick={(event) => event.stopPropagation()}
      slotProps={{ input: { 'aria-label': `Select ${represent(resource, record)}` } }}
    />
  );
}
