import { expect, test } from 'vitest';
import { nameIn } from './content';

test.each([
  [null, undefined],
  ['attachment', undefined],
  ['attachment; filename="plan.pdf"', 'plan.pdf'],
  ['attachment; filename="a \\"b\\".txt"', 'a "b".txt'],
  [`attachment; filename="pl_n.pdf"; filename*=UTF-8''pl%C3%A4n.pdf`, 'plän.pdf'],
])('%s names %s', (disposition, name) => {
  expect(nameIn(disposition)).toBe(name);
});
