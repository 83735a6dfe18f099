import { Alert } from '@mui/material';
import { useEffect, useState } from 'react';
import { useSessionState } from '../session/context';

/** What the session has to say, such as that a stay in a tenant is over. */
export function Notice() {
  const state = useSessionState();
  const text = state.name === 'in' ? state.notice : undefined;
  const [closed, setClosed] = useState(false);
  useEffect(() => setClosed(false), [text]);
  if (!text || closed) return null;
  return (
    <Alert severity="info" onClose={() => setClosed(true)} sx={{ mt: 1 }}>
      {text}
    </Alert>
  );
}
