import { createTheme, type Theme } from '@mui/material/styles';
import { useSyncExternalStore } from 'react';

export type Mode = 'light' | 'dark';

const palettes = {
  light: {
    primary: { main: '#3b4cb8' },
    secondary: { main: '#3b4cb8' },
    background: { default: '#f5f6fa', paper: '#ffffff' },
    text: { primary: '#1c2033', secondary: '#565c73' },
    info: { main: '#0b6492' },
    success: { main: '#1f7a4a' },
    warning: { main: '#8a5a00' },
    error: { main: '#b3261e' },
    divider: '#e2e4ee',
  },
  dark: {
    primary: { main: '#aab4ff' },
    secondary: { main: '#aab4ff' },
    background: { default: '#12141f', paper: '#1b1e2d' },
    text: { primary: '#eceefa', secondary: '#aeb3cc' },
    info: { main: '#6fc3ee' },
    success: { main: '#6fd39b' },
    warning: { main: '#f1bf5a' },
    error: { main: '#ff9b93' },
    divider: '#30344a',
  },
} as const;

const fonts = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

export function themeOf(mode: Mode): Theme {
  return createTheme({
    palette: { mode, ...palettes[mode] },
    typography: {
      fontFamily: fonts,
      h5: { fontWeight: 650, fontSize: '1.4rem' },
      h6: { fontWeight: 650, fontSize: '1.1rem' },
      button: { textTransform: 'none' },
    },
    shape: { borderRadius: 8 },
    components: {
      MuiButtonBase: {
        styleOverrides: {
          root: { '&.Mui-focusVisible': { outline: '2px solid currentColor', outlineOffset: 2 } },
        },
      },
      MuiCssBaseline: {
        styleOverrides: {
          '@media (prefers-reduced-motion: reduce)': {
            '*, *::before, *::after': {
              animationDuration: '1ms !important',
              transitionDuration: '1ms !important',
              transitionDelay: '0s !important',
            },
          },
        },
      },
      // Those of react-admin have no name, and a screen reader says none.
      MuiCircularProgress: { defaultProps: { 'aria-label': 'Loading' } },
      MuiLinearProgress: { defaultProps: { 'aria-label': 'Loading' } },
      MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
      MuiCard: { defaultProps: { variant: 'outlined' } },
    },
  });
}

const themes: Record<Mode, Theme> = { light: themeOf('light'), dark: themeOf('dark') };

/** The colours are the one thing that is kept in the browser: nothing of anybody's data is. */
const storageKey = 'tenantry-admin-colors';

const wantsDark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function current(): Mode {
  const kept = window.localStorage.getItem(storageKey);
  if (kept === 'light' || kept === 'dark') return kept;
  return wantsDark.matches ? 'dark' : 'light';
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  wantsDark.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    wantsDark.removeEventListener('change', listener);
  };
}

export interface Colors {
  mode: Mode;
  theme: Theme;
  toggle: () => void;
}

export function useColors(): Colors {
  const mode = useSyncExternalStore(subscribe, current);
  return { mode, theme: themes[mode], toggle: () => keep(mode === 'dark' ? 'light' : 'dark') };
}

function keep(mode: Mode): void {
  window.localStorage.setItem(storageKey, mode);
  for (const listener of listeners) listener();
}
