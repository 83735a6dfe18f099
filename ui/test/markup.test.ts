import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { api, go, sample, signIn, tenant, user, visit, visitAs } from './world';

// Whatever somebody writes into a field is shown as text: to those of their own tenant, and to an operator who comes
// to look. Each of these would run in one place or another if it were taken for markup.
const payloads = [
  '<img src=x onerror="window.pwned=1">',
  '<svg/onload=window.pwned=1>',
  `"><script>window.pwned=1</script>`,
  `'-alert(1)-'`,
  '{{constructor.constructor("window.pwned=1")()}}',
  '<a href="javascript:window.pwned=1">x</a>',
  'javascript:window.pwned=1',
  '&lt;b&gt;%{name}[[x]]</title></style></textarea><script>window.pwned=1</script>',
];

const hostile = payloads.join(' ');

async function expectText(page: Page, text: string, where: string): Promise<void> {
  await expect.poll(() => page.locator('body').innerText(), { message: where }).toContain(text);
  const harm = await page.evaluate(() => {
    const elements = [...document.querySelectorAll('*')];
    return [
      (window as { pwned?: unknown }).pwned,
      document.querySelectorAll('img[src="x"], iframe, object, embed, base').length,
      elements.flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith('on')),
      elements.filter((element) => /^\s*javascript:/i.test(element.getAttribute('href') ?? '')).length,
    ];
  });
  expect(harm, where).toEqual([undefined, 0, [], 0]);
}

const seen = payloads[0] ?? '';

/** A record of each kind, with markup wherever there is text. */
async function hostileRecords(token: string): Promise<[string, string][]> {
  const short = hostile.slice(0, 255);
  const save = async (resource: string, json: object) =>
    (await api<{ id: string }>(token, 'POST', `/api/v1/${resource}/`, json)).id;
  const project = await save('projects', { name: short, description: hostile });
  const task = await save('tasks', { project, title: short, description: hostile });
  const document = await save('documents', {
    project,
    name: short,
    content_type: payloads[0],
    file_path: hostile.slice(0, 500),
    metadata: { [seen]: hostile, list: payloads },
  });
  return [
    ['projects', project],
    ['tasks', task],
    ['documents', document],
  ];
}

async function expectRecordsAsText(page: Page, records: [string, string][]): Promise<void> {
  for (const [resource, id] of records) {
    await go(page, `/${resource}`);
    await expectText(page, seen, `the list of ${resource}`);
    await go(page, `/${resource}/${id}/show`);
    await expectText(page, seen, `one of ${resource}`);
    const history = page.getByRole('region', { name: 'History' });
    await history.getByRole('row').nth(1).getByRole('button', { expanded: false }).click();
    await history.getByRole('cell', { name: seen }).first().waitFor();
    await expectText(page, seen, `the history of ${resource}`);
    await go(page, `/${resource}/${id}`);
    await page.getByRole('button', { name: 'Save' }).waitFor();
    await expectText(page, seen, `the form of ${resource}`);
  }
}

test('markup in every text field is shown as the text that it is', async () => {
  const records = await hostileRecords(tenant('globex').access_token);
  const { page, leave } = await visitAs(user('globex', 'owner'));
  await expectRecordsAsText(page, records);
  await go(page, '/tasks/create');
  await page.getByRole('combobox', { name: 'Project' }).click();
  await page.getByRole('option', { name: seen }).first().waitFor();
  await expectText(page, seen, 'the picker');
  await go(
    page,
    `/tasks?filter=${encodeURIComponent(JSON.stringify({ q: hostile, title__icontains: hostile }))}`,
  );
  await page.getByRole('heading', { name: 'Tasks' }).waitFor();
  await expectText(page, 'Tasks', 'the filter');
  await go(page, '/report/<img src=x onerror=window.pwned=1>/x');
  await expectText(page, 'There is no such report.', 'an address');
  await leave();
});

test('a tenant can write nothing that its operator would run, nor the operator what the tenant would', async () => {
  const admin = '/api/admin/v1';
  const operator = (await api<{ access: string }>('', 'POST', `${admin}/auth/token/`, sample.operator))
    .access;
  const owner = { username: 'owner-hostile', password: 'correct horse battery' };
  const { id } = await api<{ id: string }>(operator, 'POST', `${admin}/tenants/`, {
    slug: 'hostile',
    name: 'Before',
  });
  await api(operator, 'POST', `${admin}/users/`, owner);
  await api(operator, 'POST', `${admin}/tenants/${id}/members/`, { username: owner.username, role: 'owner' });
  const token = (await api<{ access: string }>('', 'POST', '/api/v1/auth/token/', owner)).access;
  await api(token, 'PATCH', '/api/v1/tenant/', {
    name: hostile.slice(0, 255),
    settings: { [seen]: hostile },
  });
  await api(token, 'POST', '/api/v1/service-accounts/', { name: hostile.slice(0, 255), role: 'viewer' });
  const records = await hostileRecords(token);

  const { page, leave } = await visit();
  await signIn(page, sample.operator, 'The platform');
  await page.getByRole('heading', { name: 'The platform' }).waitFor();
  await go(page, '/tenants');
  await expectText(page, seen, 'the list of tenants');
  await go(page, `/tenants/${id}`);
  await page.getByRole('button', { name: 'Save' }).waitFor();
  await expectText(page, seen, 'the form of a tenant');
  await go(page, `/tenants/${id}/show`);
  await expectText(page, seen, 'a tenant');
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByLabel('Reason').fill(payloads.slice(0, 4).join(' '));
  await expectText(page, seen, 'the question why');
  await page.getByRole('dialog').getByRole('button', { name: 'Enter' }).click();
  await page.getByRole('status').filter({ hasText: seen }).waitFor();
  await expectText(page, payloads[2] ?? '', 'the banner');
  await expectRecordsAsText(page, records);
  for (const path of ['/service-accounts', '/single/tenant']) {
    await go(page, path);
    await expectText(page, seen, path);
  }
  await leave();

  const inside = await visitAs(owner);
  await expectText(inside.page, seen, 'home');
  await go(inside.page, '/events');
  const entered = inside.page.getByRole('row', { name: /Token exchanged/ });
  await entered.getByRole('button', { expanded: false }).click();
  await inside.page.getByRole('cell', { name: seen }).first().waitFor();
  await expectText(inside.page, payloads[2] ?? '', 'the reason among the events');
  await inside.leave();
}, 60_000);
