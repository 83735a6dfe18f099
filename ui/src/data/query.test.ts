import { expect, test } from 'vitest';
import { catalogOf } from '../document/resource';
import { sample } from '../document/sample';
import { itemPath, listPath, listQuery } from './query';

const tasks = catalogOf(sample, 'tenant').resources.find(({ name }) => name === 'tasks')!;
const members = catalogOf(sample, 'platform').resources.find(({ name }) => name === 'tenants.members')!;

test('filters, the search and the order become parameters', () => {
  const query = listQuery(tasks, {
    filter: {
      q: 'a&b',
      status__in: ['todo', 'done'],
      title__icontains: '',
      due_date__gte: null,
      '@parent': 'x',
      due_date__isnull: false,
    },
    sort: { field: 'title', order: 'DESC' },
  });
  expect(Object.fromEntries(query)).toEqual({
    search: 'a&b',
    status__in: 'todo,done',
    due_date__isnull: 'false',
    ordering: '-title',
  });
});

test('a reference is ordered by the name that stands for it, and nothing by what no list is ordered by', () => {
  expect(listQuery(tasks, { sort: { field: 'project', order: 'ASC' } }).get('ordering')).toBe('project_name');
  expect(listQuery(tasks, { sort: { field: 'id', order: 'ASC' } }).has('ordering')).toBe(false);
});

test('a reference without a companion is expanded', () => {
  const bare = { ...tasks, fields: tasks.fields.map((field) => ({ ...field, companion: undefined })) };
  expect(listQuery(bare, {}).get('expand')).toBe('project');
  expect(listQuery(tasks, {}).has('expand')).toBe(false);
});

test('a record below another has both ids in its own', () => {
  expect(listPath(members, 'a')).toBe('/api/admin/v1/tenants/a/members/');
  expect(itemPath(members, 'a/b')).toBe('/api/admin/v1/tenants/a/members/b/');
  expect(itemPath(tasks, 'a b?')).toBe('/api/v1/tasks/a%20b%3F/');
});
