import { Alert, Button } from '@mui/material';
import { useEffect, useState } from 'react';
import { useIdentity, useSession } from './context';

/** Says whose data this is, for as long as an operator is in a tenant. */
export function VisitBanner() {
  const session = useSession();
  const { identity, visit } = useIdentity();
  const now = useNow(visit !== undefined);
  useEffect(() => {
    if (visit && now >= visit.until) session.leave(`Your stay in ${visit.tenant.name} is over.`);
  }, [session, visit, now]);
  if (!visit) return null;
  const until = new Date(visit.until).toLocaleTimeString(undefined, { timeStyle: 'short' });
  const minutes = Math.max(Math.ceil((visit.until - now) / 60_000), 0);
  return (
    <Alert
      severity="warning"
      variant="filled"
      role="status"
      sx={{ borderRadius: 0, position: 'sticky', top: 48, zIndex: 3, mx: -1 }}
      action={
        <Button color="inherit" size="small" variant="outlined" onClick={() => session.leave()}>
          Leave
        </Button>
      }
    >
      You are in <strong>{visit.tenant.name}</strong> as the operator {identity.user.username} until {until} (
      {minutes} min): {visit.reason}
    </Alert>
  );
}

function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
