import { expect, test } from 'vitest';
import { beginning, countBy, stateBy } from './buckets';

const now = Date.parse('2026-03-02T10:30:00Z');

test('every day is there, the last one today', () => {
  const times = [
    '2026-03-02T00:00:00.000001Z',
    '2026-03-01T23:59:59Z',
    '2026-03-01T01:00:00Z',
    '2026-02-01T01:00:00Z',
  ];
  expect(
    countBy(
      'day',
      times.map((time) => ({ time, count: 1 })),
      3,
      now,
    ),
  ).toEqual([
    { at: '2026-02-28', count: 0 },
    { at: '2026-03-01', count: 2 },
    { at: '2026-03-02', count: 1 },
  ]);
  expect(beginning('day', 3, now)).toBe('2026-02-28T00:00:00Z');
});

test('so is every hour, and what was counted in it', () => {
  const moments = [
    { time: '2026-03-02T10:00:00.000000Z', count: 7 },
    { time: '2026-03-02T09:00:00.000000Z', count: 5 },
    { time: '2026-03-02T09:00:00.000000Z', count: 1 },
  ];
  expect(countBy('hour', moments, 2, now)).toEqual([
    { at: '2026-03-02T09', count: 6 },
    { at: '2026-03-02T10', count: 7 },
  ]);
  expect(beginning('hour', 2, now)).toBe('2026-03-02T09:00:00Z');
});

test('a state lasts until the next one, and those of several are added up', () => {
  const readings = [
    { time: '2026-03-02T09:00:00Z', of: 'two', value: 50 },
    { time: '2026-03-02T08:00:00.000000Z', of: 'one', value: 300 },
    { time: '2026-03-02T06:00:00.000000Z', of: 'one', value: 100 },
  ];
  expect(stateBy('hour', readings, 6, now)).toEqual([
    { at: '2026-03-02T05', count: 0 },
    { at: '2026-03-02T06', count: 100 },
    { at: '2026-03-02T07', count: 100 },
    { at: '2026-03-02T08', count: 300 },
    { at: '2026-03-02T09', count: 350 },
    { at: '2026-03-02T10', count: 350 },
  ]);
});

test('of a day it is the last one, and one from before goes on', () => {
  const readings = [
    { time: '2026-03-01T09:00:00Z', of: '', value: 7 },
    { time: '2026-03-01T08:00:00Z', of: '', value: 900 },
    { time: '2026-02-20T08:00:00Z', of: '', value: 40 },
  ];
  expect(stateBy('day', readings, 3, now).map(({ count }) => count)).toEqual([40, 7, 7]);
});
