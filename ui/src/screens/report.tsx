import { Alert, Box, Card, CardContent, LinearProgress, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Title } from 'react-admin';
import { Link, useParams } from 'react-router-dom';
import { useBuilt, useMay } from '../catalog';
import type { Values } from '../data/patch';
import { label } from '../document/label';
import type { Report, Resource } from '../document/resource';
import { bytes } from '../fields/represent';
import { ToolButton } from '../layout/tool-button';
import { Heading } from './heading';

/** Links to what can be asked of all records of a resource. */
export function ReportLinks({ resource }: { resource: Resource }) {
  const may = useMay();
  return resource.reports.filter(may).map((report) => (
    <ToolButton key={report.name} component={Link} to={`/report/${resource.name}/${report.name}`}>
      {report.label}
    </ToolButton>
  ));
}

export function useReport(report: Report | undefined) {
  const { provider } = useBuilt();
  return useQuery({
    queryKey: ['report', report?.path],
    queryFn: async () => (await (await provider.session.send(report?.path ?? '')).json()) as Values,
    enabled: report !== undefined,
  });
}

/** One report by itself. */
export function ReportScreen() {
  const { resource: name = '', report: which } = useParams();
  const { catalog } = useBuilt();
  const resource = catalog.resources.find((one) => one.name === name);
  const report = resource?.reports.find((one) => one.name === which);
  const { data, error, isFetching } = useReport(report);
  if (!resource || !report) return <Alert severity="error">There is no such report.</Alert>;
  return (
    <Box sx={{ mt: 1, maxWidth: 1100 }}>
      <Title title={`${resource.label}: ${report.label}`} />
      <Heading text={report.label} above={resource.label} to={`/${resource.name}`} />
      {isFetching && <LinearProgress />}
      {error && <Alert severity="error">{error.message}</Alert>}
      {data && (
        <Card>
          <CardContent>
            <Numbers values={data} />
          </CardContent>
        </Card>
      )}
    </Box>
  );
}

/** The answer of a report: single values side by side, groups of numbers as bars. */
export function Numbers({ values, level = 3 }: { values: Values; level?: number }) {
  const entries = Object.entries(values);
  const single = entries.filter(([, value]) => value === null || typeof value !== 'object');
  const groups = entries.filter(
    (entry): entry is [string, Values] => entry[1] !== null && typeof entry[1] === 'object',
  );
  return (
    <Box>
      <Box
        component="dl"
        sx={{ m: 0, display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fill, minmax(150px, 1fr))' }}
      >
        {single.map(([name, value]) => (
          <Box key={name}>
            <Typography component="dt" variant="body2" sx={{ color: 'text.secondary' }}>
              {label(name)}
            </Typography>
            <Typography component="dd" variant="h6" sx={{ m: 0 }}>
              {shown(name, value)}
            </Typography>
          </Box>
        ))}
      </Box>
      {groups.map(([name, group]) => (
        <Box key={name} sx={{ mt: 2 }}>
          <Typography variant="subtitle2" component={`h${level}` as 'h3'} gutterBottom>
            {label(name)}
          </Typography>
          {isCounts(group) ? <Bars counts={group} /> : <Numbers values={group} level={level + 1} />}
        </Box>
      ))}
    </Box>
  );
}

function shown(name: string, value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value !== 'number') return String(value);
  if (/(^|_)(rate|share|ratio)$/.test(name))
    return value.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: 1 });
  if (/(^|_)bytes$/.test(name)) return bytes(value);
  return value.toLocaleString();
}

/** By something: every part of it counted. */
function isCounts(group: Values): group is Record<string, number> {
  const values = Object.values(group);
  return values.length > 2 && values.every((value) => typeof value === 'number' && Number.isInteger(value));
}

function Bars({ counts }: { counts: Record<string, number> }) {
  const most = Math.max(...Object.values(counts), 1);
  return (
    <Box
      component="dl"
      sx={{
        m: 0,
        display: 'grid',
        gridTemplateColumns: 'max-content 1fr max-content',
        columnGap: 2,
        rowGap: 0.5,
        alignItems: 'center',
      }}
    >
      {Object.entries(counts).map(([name, count]) => (
        <Box key={name} sx={{ display: 'contents' }}>
          <Typography component="dt" variant="body2">
            {label(name)}
          </Typography>
          <Box
            aria-hidden
            sx={{
              height: 10,
              borderRadius: 1,
              bgcolor: 'primary.main',
              width: `${(count / most) * 100}%`,
              minWidth: count > 0 ? 4 : 0,
            }}
          />
          <Typography component="dd" variant="body2" sx={{ m: 0, textAlign: 'right' }}>
            {count.toLocaleString()}
          </Typography>
        </Box>
      ))}
    </Box>
  );
}
