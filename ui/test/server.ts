import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** What `tenantry demo` writes: the sample tenants with their users. */
export interface Sample {
  base_url: string;
  operator: Account;
  tenants: SampleTenant[];
}

export interface Account {
  username: string;
  password: string;
}

export interface SampleTenant {
  id: string;
  slug: string;
  name: string;
  /** The owner's. */
  access_token: string;
  users: (Account & { id: string; role: string; access_token: string })[];
}

declare module 'vitest' {
  interface ProvidedContext {
    sample: Sample;
  }
}

/** Starts the built server over sample data, in a directory of its own. */
export default async function start(project: TestProject): Promise<() => Promise<void>> {
  const binary = process.env.TENANTRY_BINARY;
  if (!binary) throw new Error('TENANTRY_BINARY names no server; run `make browser`.');
  const dir = mkdtempSync(join(tmpdir(), 'tenantry-browser-'));
  const address = `127.0.0.1:${await freePort()}`;
  // A test makes more requests in a minute than a person does in an hour. The limits have tests of their own.
  const rates = [
    '--rate-authenticated=100000/h',
    '--rate-anonymous=100000/h',
    '--rate-login=10000/m',
    '--rate-login-address=10000/m',
  ];
  const server = spawn(binary, ['serve', '--demo', `--addr=${address}`, ...rates], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (text: Buffer) => (log += text.toString()));
  try {
    await ready(`http://${address}/readyz`, server);
  } catch (error) {
    throw new Error(`${String(error)}\n${log}`, { cause: error });
  }
  const sample = JSON.parse(readFileSync(join(dir, 'test_tokens.json'), 'utf8')) as Sample;
  project.provide('sample', { ...sample, base_url: `http://${address}` });
  return async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill();
    await gone;
    rmSync(dir, { recursive: true });
  };
}

async function ready(url: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`The server ended with ${server.exitCode}.`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The server is not ready after 30 seconds.');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const at = probe.address();
      probe.close(() =>
        at && typeof at === 'object' ? resolve(at.port) : reject(new Error('There is no free port.')),
      );
    });
  });
}
