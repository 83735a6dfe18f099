import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import type { Account, SampleTenant } from './server';

export const sample = inject('sample');

/** Where pictures of the pages go. They are for people to look at; nothing compares them. */
const pictures = join(import.meta.dirname, '..', 'screenshots');

let browser: Browser;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Root, whom containers often are, gets no sandbox.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
});

afterAll(async () => {
  await browser.close();
});

export function tenant(slug: string): SampleTenant {
  const found = sample.tenants.find((one) => one.slug === slug);
  if (!found) throw new Error(`There is no tenant ${slug}.`);
  return found;
}

export function user(slug: string, role: string): SampleTenant['users'][number] {
  const found = tenant(slug).users.find((one) => one.role === role);
  if (!found) throw new Error(`${slug} has no ${role}.`);
  return found;
}

const expected = [
  // An answer that is an error is reported as such; whether it should be one is for the test to say.
  'Failed to load resource: the server responded with a status of 4',
  // Tests go to an address as if it had been typed.
  'You are trying to use a blocker on a POP navigation',
];

/** A page, and what went wrong on it that nobody expected. */
export interface Visitor {
  page: Page;
  troubles: string[];
  /** Ends the visit, which must have been without trouble. */
  leave: () => Promise<void>;
}

/** Opens the interface in a browser that nobody has used before. */
export async function visit(options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: sample.base_url,
    viewport: { width: 1280, height: 860 },
    // What moves while it is clicked makes a click miss.
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (
      ['error', 'warning'].includes(message.type()) &&
      !expected.some((text) => message.text().startsWith(text))
    ) {
      troubles.push(message.text());
    }
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== sample.base_url && url.protocol !== 'blob:' && url.protocol !== 'data:')
      troubles.push(`a request to ${url}`);
  });
  await page.goto('/admin/');
  return {
    page,
    troubles,
    leave: async () => {
      await context.close();
      expect(troubles).toEqual([]);
    },
  };
}

export async function signIn(
  page: Page,
  { username, password }: Account,
  kind: 'A tenant' | 'The platform' = 'A tenant',
): Promise<void> {
  await page.getByRole('tab', { name: kind }).click();
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password', { exact: false }).first().fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A visit of somebody who is signed in. */
export async function visitAs(account: Account, options: BrowserContextOptions = {}): Promise<Visitor> {
  const visitor = await visit(options);
  await signIn(visitor.page, account);
  await visitor.page.getByRole('heading', { name: 'Home' }).waitFor();
  return visitor;
}

/** Goes to a page of the interface. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash;
  }, path);
}

/** Asks the API itself, past the interface. */
export async function api<T>(
  token: string,
  method: string,
  path: string,
  json?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(sample.base_url + path, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: json === undefined ? undefined : JSON.stringify(json),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Takes a picture of the whole page, or of what is seen of it without scrolling. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  await page.waitForLoadState('networkidle');
  // What moves is taken where it comes to rest.
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage, animations: 'disabled' });
}

/** Whoever can't see, or has no mouse, finds nothing in the way (WCAG 2.2 AA, as far as a machine can tell). */
export async function expectAccessible(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.evaluate(axe.source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const found = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run(document, { runOnly });
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 300)).join(' | ')}`,
    );
  }, tags);
  expect(found).toEqual([]);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
