import Add from '@mui/icons-material/Add';
import { Box, Card, Typography } from '@mui/material';
import { useMemo } from 'react';
import { Pagination, ReferenceManyField, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { useBuilt, useMay } from '../catalog';
import { parentFilter } from '../data/query';
import type { Resource } from '../document/resource';
import { label } from '../document/label';
import { seriesOf, type Series } from '../document/series';
import { ToolButton } from '../layout/tool-button';
import { Records } from './list';
import { SeriesCard } from './series';

/** The records that name this one, or lie below it. */
export function RelatedLists({ resource }: { resource: Resource }) {
  const { catalog } = useBuilt();
  return catalog.resources.flatMap((other) => {
    const targets = targetsOf(resource, other);
    const series = seriesOf(other);
    if (series)
      return targets.map((target) => (
        <RelatedSeries key={`${other.name} ${target}`} series={series} target={target} />
      ));
    return targets.map((target) => (
      <Related key={`${other.name} ${target}`} other={other} target={target} alone={targets.length === 1} />
    ));
  });
}

/** The filters by which a list is narrowed to what belongs to a record. */
function targetsOf(resource: Resource, other: Resource): string[] {
  if (other.parent === resource.name) return [parentFilter];
  return other.filters
    .map(({ field }) => field)
    .filter((field) => field.ref?.resource === resource.name && field.ref.by === 'id')
    .map((field) => field.name);
}

function Related({ other, target, alone }: { other: Resource; target: string; alone: boolean }) {
  const record = useRecordContext();
  const may = useMay();
  if (!record) return null;
  const heading = alone ? other.label : `${other.label} (${label(target).toLowerCase()})`;
  const source = JSON.stringify({ [target]: record.id });
  return (
    <Card component="section" aria-label={heading}>
      <Box sx={{ display: 'flex', alignItems: 'center', justifyContent: 'space-between', px: 2, pt: 1.5 }}>
        <Typography variant="h6" component="h3">
          {heading}
        </Typography>
        {may(other.create) && (
          <ToolButton
            component={Link}
            to={`/${other.name}/create?source=${encodeURIComponent(source)}`}
            startIcon={<Add />}
            aria-label={`Create ${other.singular.toLowerCase()}`}
          >
            Create
          </ToolButton>
        )}
      </Box>
      <ReferenceManyField
        reference={other.name}
        target={target}
        sort={{ field: other.sorts.includes('created_at') ? 'created_at' : '', order: 'DESC' }}
        perPage={10}
        pagination={<Pagination rowsPerPageOptions={[10, 25, 50]} />}
        empty={
          <Typography
            sx={{ color: 'text.secondary', p: 2 }}
          >{`No ${other.label.toLowerCase()} yet.`}</Typography>
        }
      >
        <Records resource={other} without={target} />
      </ReferenceManyField>
    </Card>
  );
}

/** Counters of the record, as charts. */
function RelatedSeries({ series, target }: { series: Series; target: string }) {
  const record = useRecordContext();
  const id = record?.id;
  const filter = useMemo(() => ({ [target]: id }), [target, id]);
  return record ? <SeriesCard series={series} heading={series.resource.label} filter={filter} /> : null;
}
