import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { api, go, tenant, user, visitAs } from './world';

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

test('markup in every text field is shown as the text that it is', async () => {
  const { access_token: token } = tenant('globex');
  const short = hostile.slice(0, 255);
  const save = (resource: string, json: object) =>
    api<{ id: string }>(token, 'POST', `/api/v1/${resource}/`, json);
  const project = await save('projects', { name: short, description: hostile });
  const task = await save('tasks', { project: project.id, title: short, description: hostile });
  const document = await save('documents', {
    project: project.id,
    name: short,
    content_type: payloads[0],
    file_path: hostile.slice(0, 500),
    metadata: { [payloads[0] ?? '']: hostile, list: payloads },
  });
  const { page, leave } = await visitAs(user('globex', 'owner'));
  const seen = payloads[0] ?? '';
  for (const [resource, { id }] of Object.entries({ projects: project, tasks: task, documents: document })) {
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
