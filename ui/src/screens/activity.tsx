import { Card, CardContent, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useBuilt } from '../catalog';
import type { Provider } from '../data/provider';
import type { Resource } from '../document/resource';
import { DayChart } from './chart';
import { countByDay, type Day } from './days';
import { trailOf } from '../document/trail';

const days = 14;

/** How many records are looked at, at most: a chart must not cost more than the lists that it is shown with. */
const most = 2000;

/** What happened in the last two weeks: all events where the caller may read them, else what was created. */
export function Activity() {
  const { catalog, provider, plane } = useBuilt();
  const trail = trailOf(catalog.resources);
  const { data } = useQuery({
    queryKey: ['activity', plane],
    queryFn: () => (trail ? eventsByDay(provider, trail) : createdByDay(provider, catalog.resources)),
    enabled: plane === 'tenant',
    staleTime: 60_000,
  });
  if (!data) return null;
  const heading = trail ? 'Events in the last two weeks' : 'Records created in the last two weeks';
  return (
    <Card component="section" aria-label={heading}>
      <CardContent>
        <Typography variant="h6" component="h3" gutterBottom>
          {heading}
        </Typography>
        <DayChart days={data} label={heading} />
      </CardContent>
    </Card>
  );
}

function since(now: number): string {
  return new Date(now - (days - 1) * 86_400_000).toISOString().slice(0, 10) + 'T00:00:00Z';
}

async function eventsByDay(provider: Provider, trail: Resource): Promise<Day[]> {
  const now = Date.now();
  return countByDay(await times(provider, trail, 'at', now), days, now);
}

async function createdByDay(provider: Provider, resources: Resource[]): Promise<Day[]> {
  const now = Date.now();
  const created = resources.filter(({ filters }) =>
    filters.some(({ field, lookups }) => field.name === 'created_at' && lookups.has('gte')),
  );
  const found = await Promise.all(created.map((resource) => times(provider, resource, 'created_at', now)));
  return countByDay(found.flat(), days, now);
}

async function times(provider: Provider, resource: Resource, field: string, now: number): Promise<string[]> {
  const out: string[] = [];
  const filter = { [`${field}__gte`]: since(now), fields: field };
  for await (const page of provider.all(resource.name, { filter })) {
    out.push(...page.map((record) => String(record[field])));
    if (out.length >= most) break;
  }
  return out;
}
