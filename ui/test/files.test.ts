import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { api, go, picture, tenant, user, visitAs } from './world';

test('a file is uploaded, downloaded, replaced and removed', async () => {
  const token = tenant('globex').access_token;
  const { id } = await api<{ id: string }>(token, 'POST', '/api/v1/documents/', { name: 'größe.txt' });
  const { page, leave } = await visitAs(user('globex', 'member'));
  await go(page, `/documents/${id}/show`);
  const file = page.getByRole('region', { name: 'File' });
  await file.getByText('There is no file yet.').waitFor();

  const content = Buffer.from('0123456789'.repeat(20_000));
  await page
    .getByLabel('File to upload')
    .setInputFiles({ name: 'local.txt', mimeType: 'text/plain', buffer: content });
  await file.getByText('A file is stored: 200 KB, text/plain').waitFor();
  await picture(page, 'file');

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    file.getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('größe.txt');
  expect(await readFile(await download.path())).toEqual(content);

  await page
    .getByLabel('File to upload')
    .setInputFiles({ name: 'x.bin', mimeType: 'image/png', buffer: Buffer.from('abc') });
  await file.getByText('A file is stored: 3 bytes, image/png').waitFor();

  await file.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
  await file.getByText('There is no file yet.').waitFor();
  expect(await api(token, 'GET', `/api/v1/documents/${id}/`)).toMatchObject({ checksum: null, file_size: 0 });
  await leave();
});
