import { CssBaseline, ThemeProvider } from '@mui/material';
import { lazy, Suspense, useEffect, useState } from 'react';
import type { Document } from './document/openapi';
import { Waiting } from './layout/waiting';
import { useColors } from './layout/colors';
import { Problem } from './layout/problem';
import { useSession, useSessionState } from './session/context';
import { SignIn } from './session/sign-in';

// Most of the interface is needed by nobody who is not signed in; it is fetched while the sign-in is filled in.
const loadAdmin = () => import('./admin');
const Admin = lazy(loadAdmin);

export function App() {
  const state = useSessionState();
  const colors = useColors();
  useEffect(() => {
    if (state.name !== 'starting') void loadAdmin();
  }, [state.name]);
  if (state.name === 'in') {
    return (
      <Suspense fallback={<Waiting theme={colors.theme} />}>
        <Documented>{(document) => <Admin document={document} state={state} colors={colors} />}</Documented>
      </Suspense>
    );
  }
  return (
    <ThemeProvider theme={colors.theme}>
      <CssBaseline />
      {state.name === 'out' && <SignIn notice={state.notice} />}
    </ThemeProvider>
  );
}

/** Loads the document that the interface is built from. */
function Documented({ children }: { children: (document: Document) => React.ReactNode }) {
  const session = useSession();
  const colors = useColors();
  const [document, setDocument] = useState<Document>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let left = false;
    session
      .send('/api/schema/')
      .then((response) => response.json() as Promise<Document>)
      .then((found) => !left && setDocument(found))
      .catch((error: unknown) => !left && setFailure(error instanceof Error ? error.message : String(error)));
    return () => {
      left = true;
    };
  }, [session]);
  if (failure !== undefined) return <Problem theme={colors.theme} text={failure} />;
  return document ? children(document) : <Waiting theme={colors.theme} />;
}
