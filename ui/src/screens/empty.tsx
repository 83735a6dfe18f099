import { Box, Typography } from '@mui/material';
import { CreateButton } from 'react-admin';
import { useMay } from '../catalog';
import type { Resource } from '../document/resource';

/** What stands in the place of a list that has no records at all. */
export function Empty({ resource }: { resource: Resource }) {
  const may = useMay();
  return (
    <Box sx={{ textAlign: 'center', py: 8, px: 2, width: '100%' }}>
      <Typography variant="h6" component="p" gutterBottom>
        No {resource.label.toLowerCase()} yet
      </Typography>
      <Typography sx={{ color: 'text.secondary', mb: 3 }}>{resource.description}</Typography>
      {may(resource.create) && !resource.parent && (
        <CreateButton variant="contained" label={`Create ${resource.singular.toLowerCase()}`} />
      )}
    </Box>
  );
}
