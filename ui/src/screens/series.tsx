import {
  Alert,
  AlertTitle,
  Box,
  Card,
  CardContent,
  ToggleButton,
  ToggleButtonGroup,
  Typography,
} from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useBuilt } from '../catalog';
import type { Values } from '../data/patch';
import { seriesOf, type Series } from '../document/series';
import { Value } from '../fields/value';
import { worries } from './attention';
import { beginning, countBy, type Span } from './buckets';
import { Chart } from './chart';

const lengths: Record<Span, number> = { hour: 24, day: 14 };

const most = 5000;

/** The counters since a span ago, the newest first. */
function useCounters(series: Series, span: Span, filter: Values) {
  const { provider } = useBuilt();
  const { resource, time, numbers, of } = series;
  return useQuery({
    queryKey: [resource.name, 'series', span, filter],
    queryFn: async () => {
      const fields = [time, ...numbers, ...(of ? [of] : [])].map(({ name }) => name).join(',');
      const since = { [`${time.name}__gte`]: beginning(span, lengths[span], Date.now()) };
      const sort = { field: time.name, order: 'DESC' as const };
      const out: Values[] = [];
      for await (const page of provider.all(resource.name, {
        filter: { ...filter, ...since, fields },
        sort,
      })) {
        out.push(...page);
        if (out.length >= most) break;
      }
      return out;
    },
    staleTime: 30_000,
  });
}

interface Props {
  series: Series;
  heading: string;
  /** What is counted, where it is not all. */
  filter?: Values;
  level?: number;
}

const everything: Values = {};

/** A chart for each of the numbers. */
export function SeriesCard({ series, heading, filter = everything, level = 3 }: Props) {
  const [span, setSpan] = useState<Span>('day');
  const { data } = useCounters(series, span, filter);
  return (
    <Card component="section" aria-label={heading} sx={{ width: '100%' }}>
      <CardContent>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'space-between', gap: 1, mb: 2 }}>
          <Typography variant="h6" component={`h${level}` as 'h3'}>
            {heading}
          </Typography>
          <ToggleButtonGroup
            size="small"
            exclusive
            value={span}
            aria-label="How far back"
            onChange={(_, next: Span | null) => next && setSpan(next)}
          >
            <ToggleButton value="hour">24 hours</ToggleButton>
            <ToggleButton value="day">14 days</ToggleButton>
          </ToggleButtonGroup>
        </Box>
        <Box
          sx={{
            display: 'grid',
            gap: 3,
            gridTemplateColumns: { xs: '1fr', md: 'repeat(auto-fit, minmax(0, 1fr))' },
            gridAutoFlow: { md: 'column' },
          }}
        >
          {series.numbers.map((field) => {
            const moments = (data ?? []).map((row) => ({
              time: String(row[series.time.name]),
              count: Number(row[field.name]),
            }));
            const buckets = countBy(span, moments, lengths[span], Date.now());
            const total = buckets.reduce((sum, { count }) => sum + count, 0);
            return (
              <Box key={field.name} sx={{ minWidth: 0 }}>
                <Typography variant="subtitle2" component={`h${level + 1}` as 'h4'}>
                  {field.label}: {total.toLocaleString()}
                </Typography>
                <Chart buckets={buckets} label={field.label} />
              </Box>
            );
          })}
        </Box>
      </CardContent>
    </Card>
  );
}

/** The series of a plane, each in a card. */
export function AllSeries() {
  const { catalog } = useBuilt();
  return catalog.resources.flatMap((resource) => {
    const series = seriesOf(resource);
    return series ? [<SeriesCard key={resource.name} series={series} heading={resource.label} />] : [];
  });
}

/** Whoever has counters that should be at zero. */
export function SeriesWarnings() {
  const { catalog } = useBuilt();
  return catalog.resources.flatMap((resource) => {
    const series = seriesOf(resource);
    return series?.of && series.numbers.some(({ name }) => worries(name))
      ? [<Warnings key={resource.name} series={series} />]
      : [];
  });
}

function Warnings({ series }: { series: Series }) {
  const { data = [] } = useCounters(series, 'hour', everything);
  const { of, numbers } = series;
  const bad = numbers.filter(({ name }) => worries(name));
  if (!of) return null;
  const totals = new Map<string, { row: Values; count: number; field: string }>();
  for (const row of data) {
    for (const field of bad) {
      const key = `${String(row[of.name])} ${field.name}`;
      const before = totals.get(key)?.count ?? 0;
      totals.set(key, { row, count: before + Number(row[field.name]), field: field.label.toLowerCase() });
    }
  }
  const worst = [...totals].filter(([, { count }]) => count > 0).sort(([, a], [, b]) => b.count - a.count);
  if (worst.length === 0) return null;
  return (
    <Alert severity="warning">
      <AlertTitle>{series.resource.label} in the last 24 hours</AlertTitle>
      {worst.slice(0, 5).map(([key, { row, count, field }]) => (
        <div key={key}>
          <Value field={of} record={row} />: {count.toLocaleString()} {field}
        </div>
      ))}
    </Alert>
  );
}
