import { Alert, AlertTitle, Card, CardContent, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useBuilt } from '../catalog';
import type { Provider } from '../data/provider';
import type { Values } from '../data/patch';
import type { Resource } from '../document/resource';
import { words } from '../document/label';
import { trailOf } from '../document/trail';
import { worries } from './attention';
import { beginning, countBy, totalOf } from './buckets';
import { Chart } from './chart';

const days = 14;

/** How many records are looked at, at most: a chart must not cost more than the lists that it is shown with. */
const most = 2000;

interface Event {
  at: string;
  action: string;
}

/** What happened in the last two weeks: all events where the caller may read them, else what was created. */
function useActivity() {
  const { catalog, provider, plane } = useBuilt();
  const trail = trailOf(catalog.resources);
  const { data } = useQuery({
    queryKey: ['activity', plane],
    queryFn: () => (trail ? events(provider, trail) : creations(provider, catalog.resources)),
    enabled: trail !== undefined || plane === 'tenant',
    staleTime: 60_000,
  });
  return { data, trail };
}

export function Activity() {
  const { data, trail } = useActivity();
  if (!data) return null;
  const heading = trail ? 'Events in the last two weeks' : 'Records created in the last two weeks';
  const moments = data.map(({ at }) => ({ time: at, count: 1 }));
  const buckets = countBy('day', moments, days, Date.now());
  return (
    <Card component="section" aria-label={heading}>
      <CardContent>
        <Typography variant="h6" component="h3" gutterBottom>
          {heading}
        </Typography>
        <Chart buckets={buckets} label={heading} total={totalOf(buckets).toLocaleString()} />
      </CardContent>
    </Card>
  );
}

/** What was refused or failed since yesterday, by what was tried. */
export function Refusals() {
  const { data, trail } = useActivity();
  if (!data || !trail) return null;
  const since = new Date(Date.now() - 86_400_000).toISOString();
  const counts = new Map<string, number>();
  for (const { at, action } of data) {
    if (at >= since && worries(action)) counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  return (
    <Alert severity="warning">
      <AlertTitle>Refused since yesterday</AlertTitle>
      {[...counts].map(([action, count]) => (
        <div key={action}>
          {words(action)}: {count.toLocaleString()}
        </div>
      ))}
    </Alert>
  );
}

async function events(provider: Provider, trail: Resource): Promise<Event[]> {
  const found = await recent(provider, trail, 'at', 'at,action');
  return found.map((event) => ({ at: String(event.at), action: String(event.action) }));
}

async function creations(provider: Provider, resources: Resource[]): Promise<Event[]> {
  const created = resources.filter(({ filters }) =>
    filters.some(({ field, lookups }) => field.name === 'created_at' && lookups.has('gte')),
  );
  const found = await Promise.all(
    created.map((resource) => recent(provider, resource, 'created_at', 'created_at')),
  );
  return found.flat().map((record) => ({ at: String(record.created_at), action: 'created' }));
}

async function recent(
  provider: Provider,
  resource: Resource,
  time: string,
  fields: string,
): Promise<Values[]> {
  const out: Values[] = [];
  const filter = { [`${time}__gte`]: beginning('day', days, Date.now()), fields };
  for await (const page of provider.all(resource.name, { filter })) {
    out.push(...page);
    if (out.length >= most) break;
  }
  return out;
}
