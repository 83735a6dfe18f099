import { expect, test } from 'vitest';
import { atLeast } from './role';

test('a role reaches as far as its place', () => {
  expect(atLeast('admin', 'member')).toBe(true);
  expect(atLeast('admin', 'admin')).toBe(true);
  expect(atLeast('member', 'admin')).toBe(false);
  expect(atLeast(undefined, 'viewer')).toBe(false);
  expect(atLeast('stranger', 'viewer')).toBe(false);
  expect(atLeast(undefined, undefined)).toBe(true);
});
