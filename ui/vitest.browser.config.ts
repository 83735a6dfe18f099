import { defineConfig } from 'vitest/config';

// The interface in a real browser, against the built server (`make browser`).
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/server.ts'],
    // Each file has a tenant of its own to write to; more browsers at once than this would be slower.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
