import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { api, go, picture, tenant, user, visitAs } from './world';

// The records of the tenant that this file writes to.
const acme = tenant('acme');
const token = acme.access_token;

interface Saved {
  id: string;
  title?: string;
  name?: string;
}

const create = (resource: string, json: object) => api<Saved>(token, 'POST', `/api/v1/${resource}/`, json);

let project: Saved;

beforeAll(async () => {
  project = await create('projects', { name: 'Browser tests' });
});

async function pick(page: Page, label: string, text: string): Promise<void> {
  await page.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: text, exact: true }).click();
}

describe('creating', () => {
  test('takes what the schema takes, and says at the field what the server refuses', async () => {
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, '/projects/create');
    await page.getByLabel('Name').fill('Browser tests');
    await page.getByRole('button', { name: 'Save' }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: 'unique' })
      .or(page.getByText(/has this value|already|taken/i))
      .first()
      .waitFor();
    await picture(page, 'create-refused');
    await page.getByLabel('Name').fill('A project by hand');
    await page.getByLabel('Description').fill('Two\nlines');
    await pick(page, 'Status', 'Archived');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Project: A project by hand' }).waitFor();
    await page.getByText('Archived').waitFor();
    const { results } = await api<{ results: Saved[] }>(
      token,
      'GET',
      '/api/v1/projects/?name=A+project+by+hand',
    );
    expect(results).toMatchObject([{ description: 'Two\nlines', status: 'archived' }]);
    await leave();
  });

  test('finds the record that a reference names by searching for it', async () => {
    for (let i = 0; i < 30; i++) await create('projects', { name: `Needle ${String(i).padStart(2, '0')}` });
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, '/tasks/create');
    await page.getByLabel('Title').fill('Picked');
    await page.getByRole('combobox', { name: 'Project' }).fill('needle 29');
    await page.getByRole('option', { name: 'Needle 29' }).click();
    await page.getByLabel('Due date').fill('2030-05-06');
    await picture(page, 'picker');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Task: Picked' }).waitFor();
    await page.getByRole('link', { name: 'Needle 29' }).waitFor();
    const { results } = await api<{ results: object[] }>(token, 'GET', '/api/v1/tasks/?title=Picked');
    expect(results).toMatchObject([{ project_name: 'Needle 29', due_date: '2030-05-06', status: 'todo' }]);
    await leave();
  });

  test('from the page of another record begins with that record', async () => {
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, `/projects/${project.id}/show`);
    await page.getByRole('region', { name: 'Tasks' }).getByRole('link', { name: 'Create' }).click();
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Project' }).inputValue())
      .toBe('Browser tests');
    await page.getByLabel('Title').fill('Begun elsewhere');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Task: Begun elsewhere' }).waitFor();
    await leave();
  });
});

describe('editing', () => {
  test('sends what was changed and nothing else', async () => {
    const document = await create('documents', {
      name: 'plan.txt',
      metadata: { keep: 1, drop: { a: null }, change: 'x' },
    });
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, `/documents/${document.id}`);
    const metadata = page.getByLabel('Metadata');
    expect(JSON.parse(await metadata.inputValue())).toEqual({ keep: 1, drop: { a: null }, change: 'x' });
    await metadata.fill('{"keep": 1, ');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('This is no JSON').waitFor();
    await metadata.fill('{"keep": 1, "change": ["y"]}');
    const sent = page.waitForRequest((request) => request.method() === 'PATCH');
    await page.getByRole('button', { name: 'Save' }).click();
    expect((await sent).postDataJSON()).toEqual({ metadata: { drop: null, change: ['y'] } });
    await page.getByRole('heading', { name: 'Document: plan.txt', exact: true }).waitFor();
    expect(await api(token, 'GET', `/api/v1/documents/${document.id}/`)).toMatchObject({
      metadata: { keep: 1, change: ['y'] },
    });
    await leave();
  });

  test('never overwrites what somebody else has written meanwhile, and shows both', async () => {
    const task = await create('tasks', {
      project: project.id,
      title: 'Contested',
      description: 'before',
      priority: 'low',
    });
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, `/tasks/${task.id}`);
    await page.getByLabel('Title').fill('Mine');
    await page.getByLabel('Description').fill('mine too');
    await api(token, 'PATCH', `/api/v1/tasks/${task.id}/`, {
      title: 'Theirs',
      description: 'theirs',
      priority: 'high',
    });
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Somebody else has changed this task' });
    await dialog.getByRole('row', { name: /Title.*Mine.*Theirs/ }).waitFor();
    await picture(page, 'conflict');
    // Untouched by me, so theirs unless I say otherwise.
    expect(
      await dialog
        .getByRole('radiogroup', { name: /priority/ })
        .getByLabel('Theirs')
        .isChecked(),
    ).toBe(true);
    await dialog
      .getByRole('radiogroup', { name: /description/ })
      .getByLabel('Theirs')
      .check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Task: Mine', exact: true }).waitFor();
    expect(await api(token, 'GET', `/api/v1/tasks/${task.id}/`)).toMatchObject({
      title: 'Mine',
      description: 'theirs',
      priority: 'high',
    });
    await leave();
  });

  test('can take what somebody else has written', async () => {
    const task = await create('tasks', { project: project.id, title: 'Contested again' });
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, `/tasks/${task.id}`);
    await page.getByLabel('Title').fill('Mine');
    await api(token, 'PATCH', `/api/v1/tasks/${task.id}/`, { title: 'Theirs' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Discard mine' }).click();
    await expect.poll(() => page.getByLabel('Title').inputValue()).toBe('Theirs');
    await page.getByLabel('Title').fill('Theirs and mine');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Task: Theirs and mine', exact: true }).waitFor();
    await leave();
  });
});

describe('a list', () => {
  test('is searched, filtered, sorted and paged', async () => {
    const { page, leave } = await visitAs(user('acme', 'viewer'));
    await go(page, '/tasks');
    const titles = page.locator('tbody tr td:first-child');
    await expect.poll(() => titles.count()).toBe(25);
    await page.getByLabel('Search').fill('budget');
    await expect
      .poll(async () => (await titles.allInnerTexts()).every((text) => /budget/i.test(text)))
      .toBe(true);
    await page.getByLabel('Search').fill('');
    await expect.poll(() => titles.count()).toBe(25);

    await page.getByRole('button', { name: 'Add filter' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Status' }).click();
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'Done' }).click();
    await page.keyboard.press('Escape');
    await expect
      .poll(async () => new Set(await page.locator('tbody .MuiChip-label').allInnerTexts()).has('Todo'))
      .toBe(false);

    await page.getByRole('button', { name: 'Title' }).click();
    await expect.poll(async () => (await titles.allInnerTexts())[0]).toMatch(/^A/);
    await picture(page, 'list');
    const first = await titles.allInnerTexts();
    const asked = page.waitForRequest((request) => request.url().includes('cursor='));
    await page.getByRole('button', { name: 'Go to next page' }).click();
    expect((await asked).url()).toContain('ordering=title');
    await expect.poll(async () => (await titles.allInnerTexts())[0]).not.toBe(first[0]);
    expect((await titles.allInnerTexts()).filter((title) => first.includes(title)).length).toBeLessThan(25);
    await page.reload();
    await page.getByRole('button', { name: 'Go to previous page' }).click();
    await expect.poll(() => titles.allInnerTexts()).toEqual(first);
    await leave();
  });

  test('deletes what was chosen, after a question', async () => {
    for (const name of ['Doomed 1', 'Doomed 2']) await create('documents', { name });
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, '/documents');
    await page.getByLabel('Search').fill('doomed');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(2);
    await page.getByRole('columnheader').getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page
      .getByRole('dialog', { name: 'Delete 2 documents?' })
      .getByRole('button', { name: 'Confirm' })
      .click();
    await page.getByText('2 documents deleted').waitFor();
    expect(await api(token, 'GET', '/api/v1/documents/?search=doomed')).toMatchObject({ results: [] });
    await leave();
  });

  test('is exported as it is filtered, and no spreadsheet runs what is in it', async () => {
    await create('documents', { name: '=HYPERLINK("http://x"),"quoted"' });
    const { page, leave } = await visitAs(user('acme', 'viewer'));
    await go(page, '/documents');
    await page.getByLabel('Search').fill('hyperlink');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('documents.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^id,project,project_name,name,/);
    expect(lines[1]).toContain(`"'=HYPERLINK(""http://x""),""quoted"""`);
    await leave();
  });
});

describe('a record', () => {
  test('offers its actions, and shows what happened to it', async () => {
    const task = await create('tasks', { project: project.id, title: 'To be completed' });
    const { page, leave } = await visitAs(user('acme', 'admin'));
    await go(page, `/tasks/${task.id}/show`);
    await page.getByRole('button', { name: 'Complete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Complete' }).click();
    await page.getByText('Complete: done').waitFor();
    const history = page.getByRole('region', { name: 'History' });
    await history
      .getByRole('row', { name: /Complete.*status/ })
      .getByRole('button')
      .click();
    await history.getByRole('row', { name: 'Status todo done' }).waitFor();
    await picture(page, 'record');
    await leave();
  });

  test('is deleted after a question', async () => {
    const task = await create('tasks', { project: project.id, title: 'To be deleted' });
    const { page, leave } = await visitAs(user('acme', 'member'));
    await go(page, `/tasks/${task.id}/show`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page
      .getByRole('dialog', { name: 'Delete To be deleted?' })
      .getByRole('button', { name: 'Confirm' })
      .click();
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await expect(api(token, 'GET', `/api/v1/tasks/${task.id}/`)).rejects.toThrow('404');
    await leave();
  });

  test('of another tenant is as unknown as one that never was', async () => {
    const [foreign] = (
      await api<{ results: Saved[] }>(tenant('globex').access_token, 'GET', '/api/v1/projects/?page_size=1')
    ).results;
    const { page, leave } = await visitAs(user('acme', 'owner'));
    await go(page, `/projects/${foreign?.id}/show`);
    await page
      .getByText('There is nothing here.')
      .or(page.getByText("doesn't exist"))
      .or(page.getByText('does not exist'))
      .first()
      .waitFor();
    expect(await page.getByText(foreign?.name ?? '').count()).toBe(0);
    await leave();
  });
});
