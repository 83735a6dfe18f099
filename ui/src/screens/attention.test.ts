import { expect, test } from 'vitest';
import { attention } from './attention';

test('counts of what should not be are warnings, wherever they stand', () => {
  const report = {
    total: 9,
    tasks: { overdue: 5, done: 3, by_status: { failed: 0 } },
    logins_failed: 2,
    ok: true,
  };
  expect(attention(report)).toEqual([
    { path: 'tasks.overdue', text: '5 tasks overdue', above: ['tasks'] },
    { path: 'logins_failed', text: '2 logins failed', above: [] },
  ]);
});

test('a check that failed is a warning', () => {
  expect(attention({ ok: false, checked: 3, first_bad: 2 })).toEqual([
    { path: 'ok', text: 'a check failed', above: [] },
  ]);
});
