import {
  Alert,
  AlertTitle,
  Link as Anchor,
  Box,
  Card,
  CardActionArea,
  CardContent,
  Stack,
  Typography,
} from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Title } from 'react-admin';
import { Link } from 'react-router-dom';
import { useBuilt, useMay } from '../catalog';
import { iconOf } from '../layout/icon';
import { useIdentity } from '../session/context';
import { Activity, Refusals } from './activity';
import { attention } from './attention';
import { Expiring } from './expiring';
import { Heading } from './heading';
import { Numbers, useReport } from './report';
import { AllSeries, SeriesWarnings } from './series';
import { seriesOf } from '../document/series';
import type { Report, Resource } from '../document/resource';

/** What one sees first: what needs attention, what is going on, and where everything is. */
export function Home() {
  const { catalog } = useBuilt();
  const { identity, visit } = useIdentity();
  const may = useMay();
  const reports = catalog.resources.flatMap((resource) =>
    resource.reports.filter(may).map((report) => ({ resource, report })),
  );
  return (
    <Box sx={{ mt: 2, maxWidth: 1200 }}>
      <Title title="Home" />
      <Heading text={visit?.tenant.name ?? identity.tenant?.name ?? 'The platform'} />
      <Stack spacing={2}>
        <Attention reports={reports} />
        <Refusals />
        <Expiring />
        <SeriesWarnings />
        <Tiles />
        <AllSeries />
        <Activity />
        {reports.map(({ resource, report }) => (
          <ReportCard key={report.path} resource={resource} report={report} />
        ))}
      </Stack>
    </Box>
  );
}

interface Asked {
  resource: Resource;
  report: Report;
}

function Attention({ reports }: { reports: Asked[] }) {
  return reports.map(({ resource, report }) => (
    <Warnings key={report.path} resource={resource} report={report} />
  ));
}

function Warnings({ resource, report }: Asked) {
  const { catalog } = useBuilt();
  const { data } = useReport(report);
  const warnings = data ? attention(data) : [];
  if (warnings.length === 0) return null;
  return (
    <Alert severity="warning">
      <AlertTitle>Needs attention</AlertTitle>
      {warnings.map(({ path, text, above }) => {
        const meant = catalog.resources.find(({ name }) => name === above.at(-1)) ?? resource;
        return (
          <div key={path}>
            <Anchor component={Link} to={`/${meant.name}`} color="inherit">
              {meant === resource ? `${resource.label}: ${text}` : text}
            </Anchor>
          </div>
        );
      })}
    </Alert>
  );
}

/** A way to each list, with how many records it has. */
function Tiles() {
  const { catalog } = useBuilt();
  return (
    <Box
      component="nav"
      aria-label="Lists"
      sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fill, minmax(150px, 1fr))' }}
    >
      {catalog.resources
        .filter((resource) => !resource.parent && !seriesOf(resource))
        .map((resource) => (
          <Tile key={resource.name} resource={resource} />
        ))}
    </Box>
  );
}

function Tile({ resource }: { resource: Resource }) {
  const { provider } = useBuilt();
  const Icon = iconOf(resource);
  const { data } = useQuery({
    queryKey: [resource.name, 'count'],
    queryFn: () => provider.count(resource.name, {}),
  });
  return (
    <Card>
      <CardActionArea component={Link} to={`/${resource.name}`}>
        <CardContent sx={{ display: 'flex', alignItems: 'center', gap: 2 }}>
          <Icon color="primary" />
          <Box>
            <Typography variant="h6" component="p">
              {data === undefined ? '…' : data.toLocaleString()}
            </Typography>
            <Typography variant="body2" sx={{ color: 'text.secondary' }}>
              {resource.label}
            </Typography>
          </Box>
        </CardContent>
      </CardActionArea>
    </Card>
  );
}

function ReportCard({ resource, report }: Asked) {
  const { data } = useReport(report);
  if (!data || Object.keys(data).length < 4) return null;
  return (
    <Card component="section" aria-label={`${resource.label}: ${report.label}`}>
      <CardContent>
        <Typography variant="h6" component="h3" gutterBottom>
          {resource.label}: {report.label.toLowerCase()}
        </Typography>
        <Numbers values={data} level={4} />
      </CardContent>
    </Card>
  );
}
