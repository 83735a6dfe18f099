import Chevron from '@mui/icons-material/ChevronRight';
import { Box, Link as MuiLink, useMediaQuery, type Theme } from '@mui/material';
import { useMemo, type ReactNode } from 'react';
import {
  BulkActionsToolbar,
  CreateButton,
  DataTable,
  List,
  Pagination,
  TopToolbar,
  useRecordContext,
  useResourceContext,
  ColumnsButton,
  FilterButton,
  useExpanded,
  useListContext,
  type Identifier,
} from 'react-admin';
import { Link } from 'react-router-dom';
import { mayDo, useBuilt, useMay, useResource } from '../catalog';
import type { Field } from '../document/field';
import type { Resource } from '../document/resource';
import { filtersOf } from '../fields/filters';
import { columnsOf } from '../fields/columns';
import { Value } from '../fields/value';
import { orderBy } from '../data/query';
import { CommandButtons } from './actions';
import { DeleteSelectedButton } from './delete-selected';
import { Empty } from './empty';
import { ExportButton } from './export';
import { OpenedRecord } from './details';
import { NarrowRecords } from './narrow';
import { seriesOf } from '../document/series';
import { ReportLinks } from './report';
import { SeriesCard } from './series';
import { SelectPage, SelectRow } from './select';

/** The records of a resource. */
export function ListScreen() {
  const resource = useResource(useResourceContext() ?? '');
  const filters = useMemo(() => filtersOf(resource), [resource]);
  const series = useMemo(() => seriesOf(resource), [resource]);
  return (
    <>
      {series && (
        <Box sx={{ mt: 1 }}>
          <SeriesCard series={series} heading={resource.label} level={2} />
        </Box>
      )}
      <List
        filters={filters}
        actions={<Actions resource={resource} />}
        sort={sortOf(resource)}
        perPage={25}
        empty={<Empty resource={resource} />}
        pagination={resource.paged ? <Pagination rowsPerPageOptions={[10, 25, 50, 100]} /> : false}
        title={resource.label}
      >
        <Records resource={resource} />
      </List>
    </>
  );
}

function sortOf(resource: Resource) {
  return resource.sorts.includes('created_at')
    ? { field: 'created_at', order: 'DESC' as const }
    : { field: '', order: 'ASC' as const };
}

function Actions({ resource }: { resource: Resource }) {
  const may = useMay();
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('sm'));
  return (
    <TopToolbar
      sx={{
        flexWrap: { xs: 'wrap', md: 'nowrap' },
        flexShrink: 0,
        background: 'none',
        alignItems: 'center',
        '& button, & a': { whiteSpace: 'nowrap' },
      }}
    >
      <ReportLinks resource={resource} />
      <CommandButtons resource={resource} />
      {resource.filters.length > 0 && <FilterButton />}
      {!narrow && <ColumnsButton />}
      <ExportButton resource={resource} />
      {may(resource.create) && !resource.parent && <CreateButton />}
    </TopToolbar>
  );
}

/** The rows of a list: a table where there is room for one. without is the field that is the same in all of them. */
export function Records({ resource, without }: { resource: Resource; without?: string }) {
  const { role } = useBuilt();
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('sm'));
  const { all, hidden } = useMemo(() => columnsOf(resource, without), [resource, without]);
  const mayDelete = mayDo(role, resource.remove);
  const firstShown = all.findIndex((field) => !hidden.includes(field.name) && field.kind !== 'reference');
  const shown = resource.get ? 'show' : undefined;
  if (narrow)
    return (
      <NarrowRecords resource={resource} columns={all.filter((field) => !hidden.includes(field.name))} />
    );
  return (
    <DataTable
      rowClick={shown ?? 'expand'}
      expand={shown ? undefined : <OpenedRecord resource={resource} />}
      bulkActionButtons={false}
      bulkActionsToolbar={mayDelete ? <Chosen resource={resource} /> : undefined}
      hiddenColumns={hidden}
      sx={{
        '& .RaDataTable-tableWrapper': { overflowX: 'auto' },
        '& td': { overflowWrap: 'break-word' },
        // The first cell opens a record, for every kind of pointer and for the keyboard.
        '& .RaDataTable-expandHeader, & .RaDataTable-expandIconCell': { display: 'none' },
        '& td .MuiChip-root, & td time': { whiteSpace: 'nowrap' },
      }}
    >
      {mayDelete && (
        <DataTable.Col label={<SelectPage />} disableSort padding="checkbox">
          <SelectRow resource={resource} />
        </DataTable.Col>
      )}
      {all.map((field, i) => (
        <DataTable.Col
          key={field.name}
          source={field.name}
          label={field.label}
          disableSort={!orderBy(resource, field.name)}
        >
          <Cell field={field} resource={resource} first={i === (resource.get ? 0 : firstShown)} />
        </DataTable.Col>
      ))}
    </DataTable>
  );
}

/** What can be done with the chosen records. Where none is, it is in nobody's way. */
function Chosen({ resource }: { resource: Resource }) {
  const { selectedIds = [] } = useListContext();
  if (selectedIds.length === 0) return null;
  return (
    <BulkActionsToolbar>
      <DeleteSelectedButton resource={resource} />
    </BulkActionsToolbar>
  );
}

/** What a record is known by is the way to it, also for the keyboard. */
function Cell({ field, resource, first }: { field: Field; resource: Resource; first: boolean }) {
  const record = useRecordContext();
  if (!record) return null;
  const value = <Value field={field} record={record} brief />;
  if (!first) return value;
  if (!resource.get)
    return (
      <Opener name={resource.name} id={record.id}>
        {value}
      </Opener>
    );
  return (
    <MuiLink
      component={Link}
      to={`/${resource.name}/${encodeURIComponent(record.id)}/show`}
      underline="hover"
      sx={way}
      onClick={(event) => event.stopPropagation()}
    >
      {value}
    </MuiLink>
  );
}

const way = { color: 'text.primary', fontWeight: 500, textAlign: 'left' };

/** Opens a record that has no page of its own where it is. */
function Opener({ name, id, children }: { name: string; id: Identifier; children: ReactNode }) {
  const [open, toggle] = useExpanded(name, id);
  return (
    <MuiLink
      component="button"
      type="button"
      underline="hover"
      variant="body2"
      sx={{ ...way, display: 'inline-flex', alignItems: 'center', whiteSpace: 'nowrap' }}
      aria-expanded={open}
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      <Chevron fontSize="small" sx={{ mr: 0.5, transform: open ? 'rotate(90deg)' : undefined }} />
      {children}
    </MuiLink>
  );
}
