import { useEffect } from 'react';
import { applicationName } from './name';

/** Names the window after the page that is shown, as the bar does. */
export function DocumentTitle() {
  useEffect(() => {
    const title = document.getElementById('react-admin-title');
    if (!title) return undefined;
    const name = () => {
      document.title = [title.textContent, applicationName].filter(Boolean).join(' · ');
    };
    name();
    const watch = new MutationObserver(name);
    watch.observe(title, { childList: true, characterData: true, subtree: true });
    return () => {
      watch.disconnect();
      document.title = applicationName;
    };
  }, []);
  return null;
}
