import ExpandMore from '@mui/icons-material/ExpandMore';
import {
  Accordion,
  AccordionDetails,
  AccordionSummary,
  Box,
  List,
  ListItem,
  ListItemButton,
  ListItemText,
  Typography,
} from '@mui/material';
import { RecordContextProvider, useListContext, type RaRecord } from 'react-admin';
import { Link } from 'react-router-dom';
import type { Field } from '../document/field';
import type { Resource } from '../document/resource';
import { represent } from '../fields/represent';
import { Value } from '../fields/value';
import { OpenedRecord } from './details';

interface Props {
  resource: Resource;
  columns: Field[];
}

/** The rows of a list where there is no room for a table. */
export function NarrowRecords({ resource, columns }: Props) {
  const { data, isPending } = useListContext();
  if (isPending) return null;
  if (!data?.length)
    return <Typography sx={{ p: 2, color: 'text.secondary' }}>Nothing is like that.</Typography>;
  if (!resource.get)
    return data.map((record) => (
      <Opening key={record.id} resource={resource} columns={columns} record={record} />
    ));
  return (
    <List disablePadding>
      {data.map((record) => (
        <ListItem key={record.id} disablePadding divider>
          <ListItemButton component={Link} to={`/${resource.name}/${encodeURIComponent(record.id)}/show`}>
            <Row resource={resource} columns={columns} record={record} />
          </ListItemButton>
        </ListItem>
      ))}
    </List>
  );
}

/** A record that has no page of its own opens where it is. */
function Opening({ resource, columns, record }: Props & { record: RaRecord }) {
  return (
    <Accordion
      disableGutters
      elevation={0}
      slotProps={{ heading: { component: 'div' }, transition: { unmountOnExit: true } }}
    >
      <AccordionSummary expandIcon={<ExpandMore />}>
        <Row resource={resource} columns={columns} record={record} />
      </AccordionSummary>
      <AccordionDetails sx={{ p: 0 }}>
        <RecordContextProvider value={record}>
          <OpenedRecord resource={resource} />
        </RecordContextProvider>
      </AccordionDetails>
    </Accordion>
  );
}

function Row({ resource, columns, record }: Props & { record: RaRecord }) {
  const shown = columns.filter((field) => filled(record[field.name]));
  // Where no field is a name, the first ones stand for it.
  const first = resource.title === 'id' ? shown.slice(0, 2) : [];
  const rest = shown.filter((field) => field.name !== resource.title && !first.includes(field)).slice(0, 4);
  return (
    <ListItemText
      primary={first.length > 0 ? <Parts fields={first} record={record} /> : represent(resource, record)}
      slotProps={{
        primary: { component: 'div', sx: { overflowWrap: 'anywhere' } },
        secondary: { component: 'div' },
      }}
      secondary={<Parts fields={rest} record={record} />}
    />
  );
}

function Parts({ fields, record }: { fields: Field[]; record: RaRecord }) {
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: 1.5, rowGap: 0.5 }}>
      {fields.map((field) => (
        <span key={field.name}>
          {!telling.has(field.kind) && `${field.label} `}
          {field.kind !== 'boolean' && <Value field={field} record={record} brief unlinked />}
        </span>
      ))}
    </Box>
  );
}

/** What is clear without its label. */
const telling = new Set(['text', 'word', 'choice', 'reference', 'date', 'time', 'object', 'changes']);

function filled(value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && value !== false;
}
