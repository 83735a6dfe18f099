import { Box, Card, Stack } from '@mui/material';
import {
  DeleteWithConfirmButton,
  EditButton,
  ShowBase,
  Title,
  TopToolbar,
  useRecordContext,
  useResourceContext,
} from 'react-admin';
import { useMay, useResource } from '../catalog';
import type { Resource } from '../document/resource';
import { represent } from '../fields/represent';
import { ActionButtons } from './actions';
import { ContentCard } from './content';
import { RecordDetails } from './details';
import { HistoryCard } from './history';
import { Heading } from './heading';
import { RelatedLists } from './related';
import { EnterButton } from '../session/enter';

/** One record, with what can be done with it and what belongs to it. */
export function ShowScreen() {
  const resource = useResource(useResourceContext() ?? '');
  return (
    <ShowBase>
      <Shown resource={resource} />
    </ShowBase>
  );
}

function Shown({ resource }: { resource: Resource }) {
  const record = useRecordContext();
  const may = useMay();
  if (!record) return null;
  const name = represent(resource, record);
  const above = aboveOf(resource, String(record.id));
  return (
    <Box sx={{ mt: 1, maxWidth: 1100 }}>
      <Title title={`${resource.singular}: ${name}`} />
      <Heading text={name} above={resource.label} to={above}>
        <TopToolbar sx={{ p: 0, minHeight: 0, flexWrap: 'wrap', background: 'none' }}>
          <EnterButton resource={resource} />
          <ActionButtons resource={resource} />
          {may(resource.edit) && <EditButton />}
          {may(resource.remove) && (
            <DeleteWithConfirmButton
              mutationMode="pessimistic"
              redirect={() => above.slice(1)}
              confirmTitle={`Delete ${name}?`}
              confirmContent="This can’t be undone. What belongs to it may be deleted as well."
              translateOptions={{ name: resource.singular, recordRepresentation: name }}
            />
          )}
        </TopToolbar>
      </Heading>
      <Stack spacing={2}>
        <Card>
          <RecordDetails resource={resource} />
        </Card>
        <ContentCard resource={resource} />
        <RelatedLists resource={resource} />
        <HistoryCard resource={resource} />
      </Stack>
    </Box>
  );
}

/** Where the records of the same kind are: below another record, or in a list of their own. */
function aboveOf(resource: Resource, id: string): string {
  const [parent = ''] = id.split('/');
  return resource.parent ? `/${resource.parent}/${encodeURIComponent(parent)}/show` : `/${resource.name}`;
}
