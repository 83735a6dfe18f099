import { describe, expect, test } from 'vitest';
import { api, go, picture, sample, signIn, tenant, user, visit, visitAs } from './world';

describe('signing in', () => {
  test.each(['owner', 'admin', 'member', 'viewer'])(
    'as %s shows the tenant, and what the role allows',
    async (role) => {
      const { page, leave } = await visitAs(user('initech', role));
      const menu = page.getByRole('menu', { name: 'Main' });
      await menu.getByRole('menuitem', { name: 'Projects' }).waitFor();
      const seesEvents = role === 'owner' || role === 'admin';
      expect(await menu.getByRole('menuitem', { name: 'Events' }).count()).toBe(seesEvents ? 1 : 0);
      await go(page, '/projects');
      await page.getByRole('heading', { name: 'Projects' }).waitFor();
      await page.locator('tbody').getByRole('link').first().waitFor(); // a record, and no placeholder of one
      expect(await page.getByRole('link', { name: 'Create' }).count()).toBe(role === 'viewer' ? 0 : 1);
      expect(await page.getByRole('columnheader').getByRole('checkbox').count()).toBe(
        role === 'viewer' ? 0 : 1,
      );
      await leave();
    },
  );

  test('with a wrong password says so, and nothing more', async () => {
    const { page, leave } = await visit();
    await picture(page, 'sign-in');
    await signIn(page, { username: user('initech', 'owner').username, password: 'not the password' });
    await page.getByText('The username, the password or the tenant is wrong.').waitFor();
    await leave();
  });

  test('asks those who belong to several tenants for one', async () => {
    const everywhere = tenant('initech').users.find(({ username }) => username === 'everywhere')!;
    const { page, leave } = await visit();
    await signIn(page, everywhere);
    await page.getByText('Which one is it to be?').waitFor();
    await picture(page, 'sign-in-choice');
    await page.getByRole('button', { name: tenant('globex').name }).click();
    await page.getByRole('heading', { name: tenant('globex').name }).waitFor();
    await leave();
  });
});

describe('a session', () => {
  test('outlives a reload, even one that comes while it is renewed', async () => {
    const { page, leave } = await visitAs(user('initech', 'member'));
    await go(page, '/tasks');
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    for (let i = 0; i < 4; i++) {
      await page.reload({ waitUntil: 'domcontentloaded' });
    }
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await leave();
  });

  test('is shared by two tabs that come at once', async () => {
    const { page, leave } = await visitAs(user('initech', 'member'));
    const others = await Promise.all([1, 2, 3].map(() => page.context().newPage()));
    await Promise.all(others.map((other) => other.goto('/admin/')));
    for (const other of others) await other.getByRole('heading', { name: 'Home' }).waitFor();
    await leave();
  });

  test('leaves no token where a script could find it', async () => {
    const { page, leave } = await visitAs(user('initech', 'owner'));
    const found = await page.evaluate(() => {
      const stores = [window.localStorage, window.sessionStorage].flatMap((store) => Object.entries(store));
      return JSON.stringify([stores, document.cookie]);
    });
    expect(found).not.toMatch(/eyJ|token/i);
    expect(found).toBe('[[],""]');
    const [cookie, ...more] = await page.context().cookies(`${sample.base_url}/admin/session/`);
    expect(more).toEqual([]);
    expect(cookie).toMatchObject({
      name: 'tenantry_session',
      httpOnly: true,
      sameSite: 'Strict',
      path: '/admin/session/',
    });
    await leave();
  });

  test('ends with signing out, and its tokens with it', async () => {
    const { page, leave } = await visitAs(user('initech', 'admin'));
    const [cookie] = await page.context().cookies(`${sample.base_url}/admin/session/`);
    await page.getByRole('button', { name: 'Account' }).click();
    await picture(page, 'account');
    const revoked = page.waitForResponse((response) => response.request().method() === 'DELETE');
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect((await revoked).status()).toBe(204);
    expect(await page.context().cookies(`${sample.base_url}/admin/session/`)).toEqual([]);
    const refresh = cookie?.value.replace('member.', '') ?? '';
    await expect(api('', 'POST', '/api/v1/auth/token/refresh/', { refresh })).rejects.toThrow('401');
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await leave();
  });

  test('that is revoked elsewhere throws its user out with the next request', async () => {
    const { page, leave } = await visitAs(user('initech', 'admin'));
    const [cookie] = await page.context().cookies(`${sample.base_url}/admin/session/`);
    await api('', 'POST', '/api/v1/auth/token/revoke/', { token: cookie?.value.replace('member.', '') });
    await go(page, '/documents');
    await page.getByText('Your session is over; sign in again.').waitFor();
    await leave();
  });
});
