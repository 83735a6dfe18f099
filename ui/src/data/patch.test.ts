import { expect, test } from 'vitest';
import type { Field, Kind } from '../document/field';
import { changes, cleaned, mergePatch, patchBody } from './patch';

function field(name: string, kind: Kind, nullable = false): Field {
  return {
    name,
    kind,
    nullable,
    label: name,
    help: '',
    shown: true,
    integer: false,
    gauge: false,
    choices: [],
    properties: [],
  };
}

const fields = [
  field('title', 'text'),
  field('note', 'text', true),
  field('effort', 'number'),
  field('metadata', 'json'),
];

test('an emptied field is what the API takes for empty', () => {
  expect(cleaned(fields, { title: null, note: null, effort: null, unknown: 1 })).toEqual({
    title: '',
    note: null,
  });
  const at = new Date('2026-11-23T09:00:00Z');
  expect(cleaned([field('at', 'time')], { at })).toEqual({ at: '2026-11-23T09:00:00.000Z' });
});

test('a secret that is left empty is left alone', () => {
  const secret = field('password', 'secret', true);
  expect(cleaned([secret], { password: null })).toEqual({});
  expect(cleaned([secret], { password: 'x' })).toEqual({ password: 'x' });
});

test('only what differs is a change', () => {
  expect(
    changes(
      fields,
      { title: 'a', note: null, metadata: { a: 1, b: 2 } },
      { title: 'b', note: null, metadata: { b: 2, a: 1 } },
    ),
  ).toEqual({ title: 'b' });
});

test.each([
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: 1, b: 2 }, { a: 1 }, { b: null }],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, { a: { c: null } }],
  [{ a: 1 }, {}, { a: null }],
  [{ a: [1] }, { a: [1, null] }, { a: [1, null] }],
  [{ a: null }, { a: null, b: 1 }, { b: 1 }],
  [{}, { a: null }, undefined],
  [{ a: 1 }, { a: { b: null } }, undefined],
])('from %j to %j it takes the patch %j', (before, after, patch) => {
  expect(mergePatch(before, after)).toEqual(patch);
});

test('a null inside of an object takes a PUT', () => {
  expect(patchBody({ metadata: {} }, { metadata: { a: null }, title: 'x' })).toBeUndefined();
  expect(patchBody({ metadata: { a: 1 } }, { metadata: {}, note: null })).toEqual({
    metadata: { a: null },
    note: null,
  });
});
