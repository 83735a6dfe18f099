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
import { Form, useNotify, useRecordContext } from 'react-admin';
import { ApiError } from '../api/problem';
import { useMay } from '../catalog';
import { cleaned, type Values } from '../data/patch';
import type { Action, Resource } from '../document/resource';
import { represent } from '../fields/represent';
import { ToolButton } from '../layout/tool-button';
import { FieldInputs, initialValues } from '../screens/form';
import { useSession } from './context';

/** The action that takes an operator into a tenant. */
export const enterAction = 'token';

/** Takes an operator into a tenant, which asks for the reason: the tenant's admins will read it. */
export function EnterButton({ resource }: { resource: Resource }) {
  const record = useRecordContext();
  const may = useMay();
  const [open, setOpen] = useState(false);
  const action = resource.actions.find(({ name }) => name === enterAction);
  if (!record || !action || !may(action)) return null;
  return (
    <>
      <ToolButton variant="contained" onClick={() => setOpen(true)}>
        Enter
      </ToolButton>
      {open && (
        <Ask
          action={action}
          id={String(record.id)}
          name={represent(resource, record)}
          close={() => setOpen(false)}
        />
      )}
    </>
  );
}

function Ask({ action, id, name, close }: { action: Action; id: string; name: string; close: () => void }) {
  const session = useSession();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);

  async function enter(values: Values) {
    setBusy(true);
    try {
      await session.visit(id, cleaned(action.fields, values));
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.body.errors) return error.body.errors;
      notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    }
    return undefined;
  }

  return (
    <Dialog open onClose={close} maxWidth="sm" fullWidth aria-labelledby="enter-title">
      <Form onSubmit={enter} defaultValues={initialValues(action.fields)} record={{}}>
        <DialogTitle id="enter-title">Enter {name}</DialogTitle>
        <DialogContent>
          <Stack spacing={2}>
            <DialogContentText>
              For a short while you see the tenant’s data, and may change what the role allows. Its admins
              read in their events that you came, and why; whatever you do there names you.
            </DialogContentText>
            <FieldInputs fields={action.fields} needed={(field) => field.create?.required ?? false} />
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={close} disabled={busy}>
            Cancel
          </Button>
          <Button type="submit" variant="contained" loading={busy}>
            Enter
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
