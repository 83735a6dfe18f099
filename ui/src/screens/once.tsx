import Copy from '@mui/icons-material/ContentCopyOutlined';
import Done from '@mui/icons-material/Done';
import {
  Alert,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  IconButton,
  Stack,
  TextField,
  Tooltip,
} from '@mui/material';
import { useState } from 'react';
import type { RaRecord } from 'react-admin';
import { onceKey } from '../data/provider';
import { label } from '../document/label';

/** Shows what the server tells this once: a secret that it keeps no copy of. */
export function Once({ record, close }: { record: RaRecord; close: () => void }) {
  const told = record[onceKey] as Record<string, string>;
  const shown = { ...(typeof record.client_id === 'string' ? { client_id: record.client_id } : {}), ...told };
  return (
    <Dialog open maxWidth="sm" fullWidth aria-labelledby="once-title">
      <DialogTitle id="once-title">Copy this now</DialogTitle>
      <DialogContent>
        <Stack spacing={2}>
          <Alert severity="warning">It is shown this once. Nobody can look it up later.</Alert>
          {Object.entries(shown).map(([name, value]) => (
            <Copyable key={name} name={label(name)} value={value} />
          ))}
        </Stack>
      </DialogContent>
      <DialogActions>
        <Button variant="contained" onClick={close}>
          I have copied it
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Copyable({ name, value }: { name: string; value: string }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    await navigator.clipboard.writeText(value);
    setCopied(true);
  }
  const button = (
    <Tooltip title={copied ? 'Copied' : 'Copy'}>
      <IconButton onClick={() => void copy()} aria-label={`Copy ${name.toLowerCase()}`} edge="end">
        {copied ? <Done /> : <Copy />}
      </IconButton>
    </Tooltip>
  );
  return (
    <TextField
      label={name}
      value={value}
      fullWidth
      onFocus={(event) => event.target.select()}
      slotProps={{
        input: { readOnly: true, endAdornment: button },
        htmlInput: { style: { fontFamily: 'ui-monospace, monospace' } },
      }}
    />
  );
}
