import { expect, test } from 'vitest';
import { countByDay } from './days';

test('every day is there, the last one today', () => {
  const now = Date.parse('2026-03-02T10:00:00Z');
  const times = [
    '2026-03-02T00:00:00.000001Z',
    '2026-03-01T23:59:59Z',
    '2026-03-01T01:00:00Z',
    '2026-02-01T01:00:00Z',
  ];
  expect(countByDay(times, 3, now)).toEqual([
    { date: '2026-02-28', count: 0 },
    { date: '2026-03-01', count: 2 },
    { date: '2026-03-02', count: 1 },
  ]);
});
