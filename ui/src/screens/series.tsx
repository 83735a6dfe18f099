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
import type { Field } from '../document/field';
import { seriesOf, type Series } from '../document/series';
import { amount } from '../fields/represent';
import { Value } from '../fields/value';
import { worries } from './attention';
import { beginning, countBy, stateBy, totalOf, type Span } from './buckets';
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
      const begins = beginning(span, lengths[span], Date.now());
      const since = { [`${time.name}__gte`]: begins };
      const sort = { field: time.name, order: 'DESC' as const };
      const out: Values[] = [];
      for await (const page of provider.all(resource.name, {
        filter: { ...filter, ...since, fields },
        sort,
      })) {
        out.push(...page);
        if (out.length >= most) break;
      }
      // Whoever has done nothing since is still as it was left.
      if (of && filter[of.name] !== undefined && numbers.some(({ gauge }) => gauge)) {
        const before = { ...filter, [`${time.name}__lt`]: begins, fields };
        const pagination = { page: 1, perPage: 1 };
        out.push(...(await provider.getList(resource.name, { filter: before, sort, pagination })).data);
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
            gridTemplateColumns: {
              xs: 'minmax(0, 1fr)',
              sm: 'repeat(2, minmax(0, 1fr))',
              lg: `repeat(${series.numbers.length}, minmax(0, 1fr))`,
            },
          }}
        >
          {series.numbers.map((field) => {
            const { buckets, total } = drawn(series, field, data ?? [], span);
            return (
              <Box key={field.name} sx={{ minWidth: 0 }}>
                <Typography variant="subtitle2" component={`h${level + 1}` as 'h4'}>
                  {field.label}: {total}
                </Typography>
                <Chart buckets={buckets} label={field.label} total={total} words={(n) => amount(field, n)} />
              </Box>
            );
          })}
        </Box>
      </CardContent>
    </Card>
  );
}

/** The bars of a number, and what they come to: counts together, of a state the last one. */
function drawn({ time, of }: Series, field: Field, rows: Values[], span: Span) {
  const now = Date.now();
  const known = rows.filter((row) => typeof row[field.name] === 'number');
  const at = (row: Values) => String(row[time.name]);
  if (!field.gauge) {
    const moments = known.map((row) => ({ time: at(row), count: Number(row[field.name]) }));
    const buckets = countBy(span, moments, lengths[span], now);
    return { buckets, total: amount(field, totalOf(buckets)) };
  }
  const readings = known.map((row) => ({
    time: at(row),
    of: of ? String(row[of.name]) : '',
    value: Number(row[field.name]),
  }));
  const buckets = stateBy(span, readings, lengths[span], now);
  const newest = buckets.at(-1)?.count ?? 0;
  return { buckets, total: known.length > 0 ? amount(field, newest) : 'not known yet' };
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
