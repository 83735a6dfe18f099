import { expect, test } from 'vitest';
import { bytes, day, sameStem, shortId, textOf } from './represent';

test.each([
  ['suspend', 'suspended', true],
  ['activate', 'active', true],
  ['archive', 'archived', true],
  ['complete', 'completed', true],
  ['complete', 'done', false],
  ['activate', 'suspended', false],
  ['pay', 'paid', false],
  ['activate', '', false],
])('%s and %s are forms of one word: %s', (a, b, same) => {
  expect(sameStem(a, b)).toBe(same);
});

test('values have a text', () => {
  expect(textOf({ id: '1', username: 'ada' })).toBe('ada');
  expect(textOf({ a: 1 })).toBe('{"a":1}');
  expect(textOf(null)).toBe('');
  expect(shortId('01a2127a-467a-7117-9118-b4c0c2d9b017')).toBe('…c2d9b017');
  expect(bytes(999)).toBe('999 bytes');
  expect(bytes(1_234_567)).toMatch(/^1[.,]2 MB$/);
});

test('a day is the same day everywhere, and what is none stays as it is', () => {
  expect(day('2026-11-23')).toContain('23');
  expect(day('soon')).toBe('soon');
});
