import { Card, Typography } from '@mui/material';
import { Pagination, ReferenceManyField, useRecordContext } from 'react-admin';
import { useBuilt } from '../catalog';
import type { Resource } from '../document/resource';
import { trailOf } from '../document/trail';
import { Records } from './list';

/** What happened to the record, with what each change made of it. */
export function HistoryCard({ resource }: { resource: Resource }) {
  const { catalog, plane } = useBuilt();
  const record = useRecordContext();
  const trail = trailOf(catalog.resources);
  if (!trail || !record || plane !== 'tenant' || resource === trail) return null;
  return (
    <Card component="section" aria-label="History">
      <Typography variant="h6" component="h3" sx={{ px: 2, pt: 1.5 }}>
        History
      </Typography>
      <ReferenceManyField
        reference={trail.name}
        target="record"
        sort={{ field: '', order: 'DESC' }}
        perPage={10}
        pagination={<Pagination rowsPerPageOptions={[10, 25, 50]} />}
        empty={<Typography sx={{ p: 2 }}>Nothing is known of it.</Typography>}
      >
        <Records resource={trail} without="record" />
      </ReferenceManyField>
    </Card>
  );
}
