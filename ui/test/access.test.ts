import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { api, expectAccessible, go, picture, sample, tenant, user, visit, visitAs } from './world';

const { access_token: token } = tenant('initech');

/** The pages of a tenant's admin, one of each kind. */
async function pages(): Promise<[string, string, string][]> {
  const first = async (resource: string) => {
    const { results } = await api<{ results: { id: string }[] }>(
      token,
      'GET',
      `/api/v1/${resource}/?page_size=1`,
    );
    return results[0]?.id ?? '';
  };
  const [project, task, document] = [await first('projects'), await first('tasks'), await first('documents')];
  return [
    ['home', '/', 'Home'],
    ['tasks', '/tasks', 'Tasks'],
    ['task', `/tasks/${task}/show`, 'Task:'],
    ['task-edit', `/tasks/${task}`, 'Edit task:'],
    ['task-create', '/tasks/create', 'Create task'],
    ['project', `/projects/${project}/show`, 'Project:'],
    ['document', `/documents/${document}/show`, 'Document:'],
    ['document-edit', `/documents/${document}`, 'Edit document:'],
    ['events', '/events', 'Events'],
    ['statistics', '/report/projects/statistics', 'Projects: Statistics'],
  ];
}

async function look(page: Page, prefix: string): Promise<void> {
  for (const [name, path, heading] of await pages()) {
    await go(page, path);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    await picture(page, `${prefix}-${name}`);
    await expectAccessible(page);
  }
}

describe('nothing is in the way of anybody', () => {
  test('in light colours', async () => {
    const { page, leave } = await visitAs(user('initech', 'admin'));
    await look(page, 'light');
    // The one that docs/images has: `scripts/ui picture` takes it there.
    await go(page, '/tasks');
    await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();
    await page.mouse.move(600, 20);
    await picture(page, 'admin', false);
    await leave();
  }, 90_000);

  test('in dark colours, on a phone', async () => {
    const { page, leave } = await visitAs(user('initech', 'admin'), {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      hasTouch: true,
    });
    await look(page, 'phone');
    await leave();
  }, 90_000);

  test('when signing in', async () => {
    for (const options of [{}, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' as const }]) {
      const { page, leave } = await visit(options);
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      await expectAccessible(page);
      await leave();
    }
  });

  test('on the landing page', async () => {
    const { page, leave } = await visit();
    await page.goto('/');
    await page.getByRole('link', { name: 'Admin' }).waitFor();
    await picture(page, 'landing');
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Admin' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await leave();
  });
});

test('no page is wider than a phone', async () => {
  const { page, leave } = await visitAs(user('initech', 'admin'), { viewport: { width: 390, height: 844 } });
  for (const [name, path, heading] of await pages()) {
    await go(page, path);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, name).toBeLessThanOrEqual(390);
  }
  await leave();
});

test('the keyboard is enough to sign in, find a record and open it', async () => {
  const { page, leave } = await visit();
  const { username, password } = user('initech', 'member');
  await page.getByLabel('Username').waitFor();
  await page.keyboard.type(username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await go(page, '/projects');
  const first = page.locator('tbody tr').first().getByRole('link').first();
  await first.waitFor();
  const name = await first.innerText();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (await first.evaluate((element) => element === document.activeElement)) break;
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Project: ${name}` }).waitFor();
  await leave();
});

test('the first load stays under 500 KB', async () => {
  const { page, leave } = await visit();
  const session = await page.context().newCDPSession(page);
  let received = 0;
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (received += encodedDataLength));
  await page.reload();
  await page.getByLabel('Username').fill(user('initech', 'member').username);
  await page.getByLabel('Password', { exact: false }).first().fill(user('initech', 'member').password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.waitForLoadState('networkidle');
  const files = await page.evaluate(async () => {
    const loaded = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    return loaded.map(({ name, encodedBodySize }) => ({ name, encodedBodySize }));
  });
  const total = files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  expect(files.length, JSON.stringify(files)).toBeGreaterThan(5);
  expect(Math.max(total, received)).toBeLessThan(500_000);
  expect(
    files.map(({ name }) => new URL(name).origin).filter((origin) => origin !== sample.base_url),
  ).toEqual([]);
  await leave();
});
