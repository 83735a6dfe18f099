import { Alert, Link as MuiLink } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router-dom';
import { useBuilt } from '../catalog';
import type { Field } from '../document/field';
import type { Resource } from '../document/resource';

const soon = 14 * 86_400_000;

/** What ends in the next two weeks, wherever something has an end. */
export function Expiring() {
  const { catalog } = useBuilt();
  return catalog.resources.flatMap((resource) => {
    const field = resource.filters.find(
      ({ field, lookups }) => isEnd(field) && lookups.has('gte') && lookups.has('lte'),
    )?.field;
    return field && !resource.parent
      ? [<Warning key={resource.name} resource={resource} field={field} />]
      : [];
  });
}

function isEnd(field: Field): boolean {
  return field.kind === 'time' && /^(expires|ends)_at$|_until$/.test(field.name);
}

function Warning({ resource, field }: { resource: Resource; field: Field }) {
  const { provider } = useBuilt();
  const { data } = useQuery({
    queryKey: [resource.name, 'expiring'],
    queryFn: async () => {
      const now = Date.now();
      const filter = {
        [`${field.name}__gte`]: new Date(now).toISOString(),
        [`${field.name}__lte`]: new Date(now + soon).toISOString(),
      };
      return { filter, count: await provider.count(resource.name, filter) };
    },
    staleTime: 60_000,
  });
  if (!data?.count) return null;
  const what = data.count === 1 ? resource.singular : resource.label;
  return (
    <Alert severity="warning">
      <MuiLink
        component={Link}
        to={`/${resource.name}?filter=${encodeURIComponent(JSON.stringify(data.filter))}`}
        color="inherit"
      >
        {data.count.toLocaleString()} {what.toLowerCase()}
      </MuiLink>{' '}
      {data.count === 1 ? 'ends' : 'end'} in the next two weeks.
    </Alert>
  );
}
