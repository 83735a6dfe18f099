import { expect, test } from 'vitest';
import { catalogOf } from '../document/resource';
import { sample } from '../document/sample';
import { csvHead, csvLine } from './csv';

const tasks = catalogOf(sample, 'tenant').resources.find(({ name }) => name === 'tasks')!;
const fields = ['title', 'effort', 'metadata', 'assignee'].map((name) =>
  tasks.fields.find((field) => field.name === name)!,
);

test('cells are quoted where they must be', () => {
  expect(csvHead(fields)).toBe('title,effort,metadata,assignee\r\n');
  expect(csvLine(fields, { title: 'a "b", c\nd', effort: 3, metadata: { a: 1 }, assignee: null })).toBe(
    '"a ""b"", c\nd",3,"{""a"":1}",\r\n',
  );
});

test.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx'])('no spreadsheet runs the text %j', (title) => {
  expect(csvLine(fields, { title }).replace(/^"/, '').startsWith("'")).toBe(true);
});

test('a number below zero stays one', () => {
  expect(csvLine(fields, { title: '', effort: -5 })).toBe(',-5,,\r\n');
});
