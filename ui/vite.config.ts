import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: '/admin/',
  plugins: [react()],
  html: {
    // The server puts a new value here for every page that it sends.
    cspNonce: 'CSP-NONCE',
  },
  build: {
    // Below internal/, since Go embeds only what lies beside or below the package that embeds it.
    outDir: '../internal/admin/dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600,
    // Those whose work is in it are named, as their licences ask.
    license: { fileName: 'licenses.md' },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/admin/session': 'http://127.0.0.1:8000' } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
