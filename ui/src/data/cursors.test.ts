import { expect, test } from 'vitest';
import { Cursors } from './cursors';

test('a page is asked for by the cursor that the page before it brought', () => {
  const cursors = new Cursors();
  expect(cursors.parameter('list', 1)).toBeUndefined();
  expect(cursors.parameter('list', 2)).toEqual(['page', '2']);
  cursors.note('list', 1, '/api/v1/tasks/?page_size=2&cursor=abc');
  expect(cursors.parameter('list', 2)).toEqual(['cursor', 'abc']);
  expect(cursors.parameter('other', 2)).toEqual(['page', '2']);
});

test('a list that has become shorter has no cursor left', () => {
  const cursors = new Cursors();
  cursors.note('list', 1, 'http://x/?cursor=abc');
  cursors.note('list', 1, null);
  expect(cursors.parameter('list', 2)).toEqual(['page', '2']);
  cursors.note('list', 1, '/?cursor=b');
  cursors.forget('list');
  expect(cursors.parameter('list', 2)).toEqual(['page', '2']);
});
