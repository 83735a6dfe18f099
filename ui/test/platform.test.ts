import { beforeAll, describe, expect, test } from 'vitest';
import {
  api,
  expectAccessible,
  go,
  picture,
  sample,
  signIn,
  tenant,
  user,
  visit,
  visitAs,
  type Visitor,
} from './world';

// Operators, and the tenants that this file makes for itself: what it does to them must not disturb other files.
const admin = '/api/admin/v1';

let operator: string;

interface Made {
  id: string;
  owner: { username: string; password: string };
}

async function operatorToken(): Promise<string> {
  return (await api<{ access: string }>('', 'POST', `${admin}/auth/token/`, sample.operator)).access;
}

async function newTenant(slug: string): Promise<Made> {
  const { id } = await api<{ id: string }>(operator, 'POST', `${admin}/tenants/`, {
    slug,
    name: `Tenant ${slug}`,
  });
  const owner = { username: `owner-${slug}`, password: 'correct horse battery' };
  await api(operator, 'POST', `${admin}/users/`, owner);
  await api(operator, 'POST', `${admin}/tenants/${id}/members/`, { username: owner.username, role: 'owner' });
  return { id, owner };
}

/** What a service account's credentials get: the status of the answer. */
async function granted(client: string, secret: string): Promise<number> {
  const { status } = await fetch(`${sample.base_url}/api/v1/auth/oauth/token/`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${btoa(`${client}:${secret}`)}`,
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  return status;
}

async function visitAsOperator(options = {}): Promise<Visitor> {
  const visitor = await visit(options);
  await signIn(visitor.page, sample.operator, 'The platform');
  await visitor.page.getByRole('heading', { name: 'The platform' }).waitFor();
  return visitor;
}

beforeAll(async () => {
  operator = await operatorToken();
});

describe('an operator', () => {
  test('makes a tenant, a user and a member by hand', async () => {
    const { page, leave } = await visitAsOperator();
    await go(page, '/tenants/create');
    await page.getByLabel('Slug').fill('by-hand');
    await page.getByLabel('Name').fill('Made by hand');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Tenant: Made by hand' }).waitFor();
    await go(page, '/users/create');
    await page.getByLabel('Username').fill('hand-made');
    await page.getByLabel('Password', { exact: false }).first().fill('correct horse battery');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'User: hand-made' }).waitFor();
    await go(page, '/tenants');
    await page.getByLabel('Search').fill('by hand');
    await page.getByText('1-1 of 1').waitFor();
    await page.getByRole('link', { name: 'Made by hand' }).click();
    await page.getByRole('region', { name: 'Members' }).getByRole('link', { name: 'Create' }).click();
    await page.getByLabel('Username').fill('hand-made');
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'Owner' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Member: hand-made' }).waitFor();
    await page.getByRole('link', { name: 'Members' }).click();
    await page.getByRole('heading', { name: 'Tenant: Made by hand' }).waitFor();
    await page.getByRole('region', { name: 'Members' }).getByRole('link', { name: 'hand-made' }).waitFor();
    await picture(page, 'platform-tenant');
    await expectAccessible(page);
    await leave();
    const member = await visitAs({ username: 'hand-made', password: 'correct horse battery' });
    await member.page.getByRole('heading', { name: 'Made by hand' }).waitFor();
    await member.leave();
  });

  test("keeps a tenant's service accounts, whose secret is shown once", async () => {
    const { id } = await newTenant('with-programs');
    const accounts = `${admin}/tenants/${id}/service-accounts/`;
    const { page, leave } = await visitAsOperator();
    await go(page, `/tenants/${id}/show`);
    const below = page.getByRole('region', { name: 'Service accounts' });
    await below.getByRole('link', { name: 'Create' }).click();
    await page.getByLabel('Name').fill('Importer');
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'Member' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    const secret = page.getByRole('dialog', { name: 'Copy this now' });
    const told = secret.getByRole('textbox', { name: 'Client secret' });
    const first = await told.inputValue();
    const client = await secret.getByRole('textbox', { name: 'Client ID' }).inputValue();
    await secret.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('heading', { name: 'Service account: Importer' }).waitFor();
    expect(await page.content()).not.toContain(first);
    expect(await granted(client, first)).toBe(200);
    await page.getByRole('button', { name: 'Rotate' }).click();
    await page.getByLabel('Grace seconds').fill('0');
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    await expect.poll(() => told.inputValue()).not.toBe(first);
    const second = await told.inputValue();
    await secret.getByRole('button', { name: 'I have copied it' }).click();
    expect([await granted(client, first), await granted(client, second)]).toEqual([401, 200]);
    await page.getByRole('link', { name: 'Service accounts' }).click();
    await page.getByRole('heading', { name: 'Tenant: Tenant with-programs' }).waitFor();
    await below.getByRole('link', { name: 'Importer' }).waitFor();
    await picture(page, 'platform-service-accounts');
    await expectAccessible(page);
    await below.getByRole('link', { name: 'Importer' }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect
      .poll(async () => (await api<{ results: object[] }>(operator, 'GET', accounts)).results)
      .toEqual([]);
    expect(await granted(client, second)).toBe(401);
    await leave();
  });

  test('sees the platform, and none of what is in a tenant', async () => {
    const acme = tenant('acme');
    await api(acme.access_token, 'GET', '/api/v1/projects/');
    // Counters are some seconds behind.
    const counted = () => api<{ results: object[] }>(operator, 'GET', `${admin}/usage/?tenant=${acme.id}`);
    await expect.poll(async () => (await counted()).results.length, { timeout: 20_000 }).toBeGreaterThan(0);
    const { page, leave } = await visitAsOperator();
    await page.getByRole('region', { name: 'Usage' }).waitFor();
    await picture(page, 'platform-home');
    await expectAccessible(page);
    const menu = page.getByRole('menu', { name: 'Main' });
    await menu.getByRole('menuitem', { name: 'Tenants' }).waitFor();
    for (const name of ['Projects', 'Tasks', 'Documents'])
      expect(await menu.getByRole('menuitem', { name }).count()).toBe(0);
    await go(page, '/usage');
    await page
      .getByRole('region', { name: 'Usage' })
      .getByText(/^Requests: [1-9]/)
      .waitFor();
    await page.getByRole('button', { name: '24 hours' }).click();
    await page.getByRole('table').getByRole('link', { name: 'Acme' }).first().waitFor();
    await picture(page, 'platform-usage');
    await expectAccessible(page);
    await leave();
  });

  test('sees how much room a tenant takes', async () => {
    const { id } = await newTenant('roomy');
    const entered = await api<{ access: string }>(operator, 'POST', `${admin}/tenants/${id}/token/`, {
      reason: 'a file for the chart',
    });
    const made = await api<{ id: string }>(entered.access, 'POST', '/api/v1/documents/', { name: 'big' });
    const file = await fetch(`${sample.base_url}/api/v1/documents/${made.id}/content/`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${entered.access}`, 'Content-Type': 'text/plain' },
      body: 'x'.repeat(3_200_000),
    });
    expect(file.ok).toBe(true);
    // It is measured some seconds later.
    const measured = async () => {
      const path = `${admin}/usage/?tenant=${id}`;
      const { results } = await api<{ results: { storage: number | null }[] }>(operator, 'GET', path);
      return results[0]?.storage ?? 0;
    };
    await expect.poll(measured, { timeout: 20_000 }).toBeGreaterThan(3_200_000);
    const { page, leave } = await visitAsOperator();
    const usage = page.getByRole('region', { name: 'Usage' });
    await go(page, `/tenants/${id}/show`);
    await usage.getByText(/^Storage: 3\.\d MB$/).waitFor();
    await usage.getByText(/^most: 3\.\d MB$/).waitFor();
    await picture(page, 'platform-tenant-usage');
    await expectAccessible(page);
    await go(page, '/usage');
    // All tenants together take more than this one.
    await usage.getByText(/^Storage: [\d.]+ MB$/).waitFor();
    const row = page.getByRole('row').filter({ hasText: 'Tenant roomy' });
    await row.getByText(/^3\.\d MB$/).waitFor();
    // The table scrolls where it has no room, and not the page.
    await page.setViewportSize({ width: 900, height: 860 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(900);
    await picture(page, 'platform-usage-days', false);
    await expectAccessible(page);
    await leave();
  });

  test('makes a key for tokens, and ends it', async () => {
    const { page, leave } = await visitAsOperator();
    await page.getByRole('menuitem', { name: 'Keys' }).click();
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await page.getByRole('button', { name: 'Rotate' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Algorithm' }).click();
    await page.getByRole('option', { name: 'ES256' }).click();
    // Far enough away that no test's token is signed by it.
    await dialog.getByLabel('Activate in').fill('86400');
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('columnheader', { name: 'Key ID' }).waitFor();
    const row = page.getByRole('row').filter({ hasText: 'Next' });
    await row.waitFor();
    await picture(page, 'platform-keys');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
    await expectAccessible(page);
    await row.getByRole('button', { expanded: false }).click();
    await page.getByRole('button', { name: 'Retire' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retire' }).click();
    await page.getByRole('row').filter({ hasText: 'Retired' }).first().waitFor();
    await leave();
  });

  test('is usable on a phone', async () => {
    const { page, leave } = await visitAsOperator({
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    });
    const { id } = await newTenant('on-a-phone');
    for (const [name, path, heading] of [
      ['home', '/', 'Home'],
      ['tenants', '/tenants', 'Tenants'],
      ['tenant', `/tenants/${id}/show`, 'Tenant:'],
      ['users', '/users', 'Users'],
      ['usage', '/usage', 'Usage'],
    ] as const) {
      await go(page, path);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await picture(page, `phone-platform-${name}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(390);
      await expectAccessible(page);
    }
    await leave();
  });

  test('suspends a tenant, whose user is thrown out with the next request, and activates it again', async () => {
    const { id, owner } = await newTenant('suspended');
    const inside = await visitAs(owner);
    const { page, leave } = await visitAsOperator();
    await go(page, `/tenants/${id}/show`);
    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Suspended', { exact: true }).waitFor();

    await go(inside.page, '/projects');
    await inside.page.getByText('This tenant is suspended').waitFor();
    await picture(inside.page, 'thrown-out');
    await signIn(inside.page, owner);
    await inside.page
      .locator('form')
      .getByRole('alert')
      .filter({ hasText: 'This tenant is suspended' })
      .waitFor();

    await page.getByRole('button', { name: 'Activate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Activate' }).click();
    await page.getByText('Active', { exact: true }).waitFor();
    await leave();
    await signIn(inside.page, owner);
    await inside.page.getByRole('heading', { name: 'Projects' }).waitFor();
    await inside.leave();
  });

  test('enters a tenant for a reason that its admins can read, and leaves again', async () => {
    const { id, owner } = await newTenant('visited');
    const token = (await api<{ access: string }>('', 'POST', '/api/v1/auth/token/', owner)).access;
    const { page, leave } = await visitAsOperator();
    await go(page, `/tenants/${id}/show`);
    await page.getByRole('button', { name: 'Enter' }).click();
    const dialog = page.getByRole('dialog', { name: 'Enter Tenant visited' });
    await dialog.getByRole('button', { name: 'Enter' }).click();
    await dialog.getByText('Required').waitFor();
    await dialog.getByLabel('Reason').fill('Ticket 42: <b>a task</b> is missing');
    await picture(page, 'enter');
    await dialog.getByRole('button', { name: 'Enter' }).click();

    const banner = page.getByRole('status').filter({ hasText: 'Tenant visited' });
    await banner.getByText('Ticket 42: <b>a task</b> is missing').waitFor();
    await page.getByRole('menuitem', { name: 'Projects' }).click();
    await page.getByText('No projects yet').waitFor();
    await expectAccessible(page);
    await go(page, '/projects/create');
    await page.getByLabel('Name').fill('Made by an operator');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Project: Made by an operator' }).waitFor();
    await picture(page, 'visit');

    await banner.getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('heading', { name: 'Tenant: Tenant visited' }).waitFor();
    expect(await page.getByRole('status').filter({ hasText: 'Ticket 42' }).count()).toBe(0);
    expect(await page.getByRole('menuitem', { name: 'Projects' }).count()).toBe(0);
    await leave();

    const trail = await api<{ results: { action: string; actor: { on_behalf_of?: string } }[] }>(
      token,
      'GET',
      '/api/v1/events/',
    );
    const entered = trail.results.find(({ action }) => action === 'token_exchanged');
    expect(JSON.stringify(entered)).toContain('Ticket 42: <b>a task</b> is missing');
    const inside = await visitAs(owner);
    await go(inside.page, '/events');
    const row = inside.page.getByRole('row', { name: /Token exchanged/ });
    await row.getByTitle('token_exchanged').waitFor(); // as filters take it
    await row.getByRole('button', { expanded: false }).click();
    await inside.page.getByText('Ticket 42: <b>a task</b> is missing').first().waitFor();
    await picture(inside.page, 'visit-event');
    await inside.leave();
  });

  test('has no session left in a tenant after a reload', async () => {
    const { id } = await newTenant('reloaded');
    const { page, leave } = await visitAsOperator();
    await go(page, `/tenants/${id}/show`);
    await page.getByRole('button', { name: 'Enter' }).click();
    await page.getByLabel('Reason').fill('To see');
    await page.getByRole('dialog').getByRole('button', { name: 'Enter' }).click();
    await page.getByRole('status').filter({ hasText: 'Tenant reloaded' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'The platform' }).waitFor();
    await leave();
  });

  test('is refused where a member signs in, and a member where operators do', async () => {
    const { page, leave } = await visit();
    await signIn(page, sample.operator);
    await page.getByText('The username, the password or the tenant is wrong.').waitFor();
    await signIn(page, user('globex', 'owner'), 'The platform');
    await page.getByRole('alert').filter({ hasText: /wrong/ }).waitFor();
    await leave();
  });
});

describe("a tenant's own admin", () => {
  test('manages members, and service accounts whose secret is shown once', async () => {
    const { id, owner } = await newTenant('governed');
    await api(operator, 'POST', `${admin}/users/`, {
      username: 'newcomer',
      password: 'correct horse battery',
    });
    const { page, leave } = await visitAs(owner, { permissions: ['clipboard-read', 'clipboard-write'] });
    await go(page, '/members/create');
    await page.getByLabel('Username').fill('newcomer');
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'Viewer' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Member: newcomer' }).waitFor();
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'Admin' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Admin', { exact: true }).waitFor();
    await picture(page, 'member');

    await go(page, '/service-accounts/create');
    await page.getByLabel('Name').fill('Nightly import');
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'Member' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    const secret = page.getByRole('dialog', { name: 'Copy this now' });
    const shown = await secret.getByRole('textbox', { name: 'Client secret' }).inputValue();
    const client = await secret.getByRole('textbox', { name: 'Client ID' }).inputValue();
    await picture(page, 'secret');
    await secret.getByRole('button', { name: 'Copy client secret' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(shown);
    await secret.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('heading', { name: 'Service account: Nightly import' }).waitFor();
    expect(await page.content()).not.toContain(shown);
    expect(await granted(client, shown)).toBe(200);

    await page.getByRole('button', { name: 'Rotate' }).click();
    await page.getByLabel('Grace seconds').fill('0');
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    await expect
      .poll(() => secret.getByRole('textbox', { name: 'Client secret' }).inputValue())
      .not.toBe(shown);
    await secret.getByRole('button', { name: 'I have copied it' }).click();

    await go(page, '/single/tenant');
    await page.getByLabel('Name').fill('Renamed');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    await picture(page, 'tenant-settings');
    await expectAccessible(page);
    expect(await api(operator, 'GET', `${admin}/tenants/${id}/`)).toMatchObject({ name: 'Renamed' });
    await leave();
  });

  test('picks the member whom a task is for by name', async () => {
    const { owner } = await newTenant('assigned');
    const token = (await api<{ access: string }>('', 'POST', '/api/v1/auth/token/', owner)).access;
    const project = await api<{ id: string }>(token, 'POST', '/api/v1/projects/', { name: 'P' });
    const task = await api<{ id: string }>(token, 'POST', '/api/v1/tasks/', {
      project: project.id,
      title: 'T',
    });
    const { page, leave } = await visitAs(owner);
    await go(page, `/tasks/${task.id}`);
    await page.getByRole('combobox', { name: 'Assignee' }).fill('owner-ass');
    await page.getByRole('option', { name: 'owner-assigned' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Task: T' }).waitFor();
    await page.getByText('owner-assigned').first().waitFor();
    await go(page, '/tasks');
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await page.getByRole('cell', { name: 'owner-assigned' }).waitFor();
    await leave();
  });
});
