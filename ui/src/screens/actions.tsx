import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  Stack,
} from '@mui/material';
import { useState } from 'react';
import { Form, useNotify, useRecordContext, useRefresh, type RaRecord } from 'react-admin';
import { ApiError } from '../api/problem';
import { useBuilt, useMay } from '../catalog';
import { cleaned, type Values } from '../data/patch';
import { onceKey } from '../data/provider';
import type { Action, Resource } from '../document/resource';
import { represent, sameStem } from '../fields/represent';
import { enterAction } from '../session/enter';
import { ToolButton } from '../layout/tool-button';
import { FieldInputs, initialValues } from './form';
import { Once } from './once';

/** What else can be done with the record, a button each. */
export function ActionButtons({ resource }: { resource: Resource }) {
  const may = useMay();
  const actions = resource.actions.filter((action) => may(action) && action.name !== enterAction);
  const record = useRecordContext();
  if (!record) return null;
  return actions.map((action) => (
    <ActionButton key={action.name} resource={resource} action={action} record={record} />
  ));
}

/** What can be done that is about no record in particular. */
export function CommandButtons({ resource }: { resource: Resource }) {
  const may = useMay();
  return resource.commands
    .filter(may)
    .map((command) => <ActionButton key={command.name} resource={resource} action={command} />);
}

interface ActionProps {
  resource: Resource;
  action: Action;
  /** What it is done to; nothing, where it is a command. */
  record?: RaRecord;
}

function ActionButton({ resource, action, record }: ActionProps) {
  const { provider } = useBuilt();
  const notify = useNotify();
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<RaRecord>();

  /** Returns the messages for the fields of the dialog, where there are any. */
  async function run(values: Values) {
    setBusy(true);
    try {
      const body = action.fields.length > 0 ? cleaned(action.fields, values) : undefined;
      const answer = record
        ? await provider.act(resource.name, record.id, action.name, body)
        : await provider.command(resource.name, action.name, body);
      setAsking(false);
      if (answer?.[onceKey]) setTold(answer);
      else notify(`${action.label}: done`, { type: 'success' });
      refresh();
    } catch (error) {
      const atFields = error instanceof ApiError && error.body.errors;
      if (atFields && action.fields.length > 0) return atFields;
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    } finally {
      setBusy(false);
    }
    return undefined;
  }

  return (
    <>
      <ToolButton
        disabled={busy || (record && isDone(action, resource, record))}
        onClick={() => setAsking(true)}
      >
        {action.label}
      </ToolButton>
      {asking && (
        <Ask
          action={action}
          name={record ? represent(resource, record) : resource.label}
          busy={busy}
          run={run}
          close={() => setAsking(false)}
        />
      )}
      {told && <Once record={told} close={() => setTold(undefined)} />}
    </>
  );
}

/** Whether the record says that it is done already: to suspend what is suspended, or to activate what is active. */
function isDone(action: Action, resource: Resource, record: RaRecord): boolean {
  return resource.fields.some(
    (field) => field.kind === 'choice' && sameStem(action.name, String(record[field.name] ?? '')),
  );
}

interface AskProps {
  action: Action;
  name: string;
  busy: boolean;
  run: (values: Values) => Promise<Values | undefined>;
  close: () => void;
}

function Ask({ action, name, busy, run, close }: AskProps) {
  return (
    <Dialog open onClose={close} maxWidth="sm" fullWidth aria-labelledby="action-title">
      <Form onSubmit={run} defaultValues={initialValues(action.fields)} record={{}}>
        <DialogTitle id="action-title">
          {action.label}: {name}
        </DialogTitle>
        <DialogContent>
          <Stack spacing={2}>
            <DialogContentText>{action.help}.</DialogContentText>
            {action.fields.length > 0 && (
              <FieldInputs fields={action.fields} needed={(field) => field.create?.required ?? false} />
            )}
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={close} disabled={busy}>
            Cancel
          </Button>
          <Button type="submit" variant="contained" loading={busy} autoFocus={action.fields.length === 0}>
            {action.label}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
