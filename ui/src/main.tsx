import createCache from '@emotion/cache';
import { CacheProvider } from '@emotion/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { SessionContext } from './session/context';
import { Session } from './session/session';

// Styles are written into the page, and the page's policy allows only those with the value that came with it.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
const styles = createCache({ key: 'css', nonce, prepend: true });

const session = new Session();
void session.start();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <CacheProvider value={styles}>
        <SessionContext.Provider value={session}>
          <App />
        </SessionContext.Provider>
      </CacheProvider>
    </StrictMode>,
  );
}
