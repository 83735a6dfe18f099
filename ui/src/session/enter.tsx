import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  Stack,
  TextField,
  Alert,
} from '@mui/material';
import { useState, type FormEvent } from 'react';
import { useRecordContext } from 'react-admin';
import { useMay } from '../catalog';
import type { Resource } from '../document/resource';
import { represent } from '../fields/represent';
import { ToolButton } from '../layout/tool-button';
import { useSession } from './context';

/** Takes an operator into a tenant, which asks for the reason: the tenant's members will read it. */
export function EnterButton({ resource }: { resource: Resource }) {
  const session = useSession();
  const record = useRecordContext();
  const may = useMay();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const exchange = resource.actions.find((action) => action.name === 'token');
  if (!record || !may(exchange)) return null;
  const name = represent(resource, record);

  async function enter(event: FormEvent) {
    event.preventDefault();
    if (!record) return;
    setBusy(true);
    try {
      await session.visit({ id: String(record.id), slug: String(record.slug ?? ''), name }, reason);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <>
      <ToolButton variant="contained" onClick={() => setOpen(true)}>
        Enter
      </ToolButton>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        maxWidth="sm"
        fullWidth
        aria-labelledby="enter-title"
      >
        <form onSubmit={(event) => void enter(event)}>
          <DialogTitle id="enter-title">Enter {name}</DialogTitle>
          <DialogContent>
            <Stack spacing={2}>
              <DialogContentText>
                You will see and may change the tenant’s data for a short while. Its admins see in their
                events that you were there, and why.
              </DialogContentText>
              {failure && <Alert severity="error">{failure}</Alert>}
              <TextField
                label="Reason"
                value={reason}
                required
                autoFocus
                fullWidth
                onChange={(event) => setReason(event.target.value)}
              />
            </Stack>
          </DialogContent>
          <DialogActions>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button type="submit" variant="contained" loading={busy} disabled={reason.trim() === ''}>
              Enter
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
