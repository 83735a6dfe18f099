import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Identity, Session, State, Visit } from './session';

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('There is no session around this component.');
  return session;
}

export function useSessionState(): State {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, session.state);
}

/** Who is signed in, for components that are shown to nobody else. */
export function useIdentity(): { identity: Identity; visit?: Visit } {
  const state = useSessionState();
  if (state.name !== 'in') return { identity: { kind: 'member', user: { id: '', username: '' } } };
  return state;
}
