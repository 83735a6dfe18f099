import { describe, expect, test } from 'vitest';
import { trailOf } from './trail';
import { catalogOf, type Resource } from './resource';
import { seriesOf } from './series';
import { sample } from './sample';

const tenant = catalogOf(sample, 'tenant');
const platform = catalogOf(sample, 'platform');

function resource(name: string, from = tenant): Resource {
  const found = from.resources.find((one) => one.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

function field(name: string) {
  const found = resource('tasks').fields.find((one) => one.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

describe('the catalog', () => {
  test('has each list once, and neither listings nor nested lists of what is listed elsewhere', () => {
    expect(tenant.resources.map(({ name }) => name)).toEqual(['projects', 'tasks', 'members', 'events']);
    expect(tenant.singles.map(({ name }) => name)).toEqual(['tenant']);
  });

  test('has what lies below a record and is listed nowhere else', () => {
    expect(platform.resources.map(({ name, parent }) => [name, parent])).toEqual([
      ['tenants', undefined],
      ['tenants.members', 'tenants'],
      ['keys', undefined],
      ['usage', undefined],
    ]);
    expect(resource('tenants.members', platform).get).toBeDefined();
  });

  test('knows what can be done with a resource, and from which role on', () => {
    const tasks = resource('tasks');
    expect(tasks).toMatchObject({
      label: 'Tasks',
      singular: 'Task',
      description: 'Things to be done.',
      list: { role: 'viewer' },
      create: { role: 'member' },
      edit: { role: 'member' },
      remove: { role: 'admin' },
      content: {
        role: 'viewer',
        upload: { role: 'member' },
        remove: undefined,
        fields: { checksum: 'checksum' },
      },
    });
    expect(resource('projects').edit).toBeUndefined();
    expect(resource('events')).toMatchObject({ get: undefined, create: undefined });
  });

  test('knows actions with their fields, and reports', () => {
    const [complete, remind] = resource('tasks').actions;
    expect(complete).toMatchObject({ name: 'complete', label: 'Complete', fields: [], role: 'member' });
    expect(remind?.fields).toMatchObject([{ name: 'at', kind: 'time', create: { required: true } }]);
    expect(resource('projects').reports.map(({ name, path }) => [name, path])).toEqual([
      ['statistics', '/api/v1/projects/statistics/'],
    ]);
    expect(resource('tasks').reports).toEqual([]);
  });

  test('knows commands, and records that a path names by something else than their id', () => {
    const keys = resource('keys', platform);
    expect(keys).toMatchObject({ key: 'kid', title: 'kid', paged: false });
    expect(keys.commands).toMatchObject([{ name: 'rotate', fields: [{ name: 'activate_in' }] }]);
    expect(keys.actions.map(({ name }) => name)).toEqual(['retire']);
    expect(resource('tasks')).toMatchObject({ key: 'id', paged: true, commands: [] });
    expect(resource('tenants.members', platform).key).toBe('id');
  });

  test('finds the field that people know a record by', () => {
    expect(resource('tasks').title).toBe('title');
    expect(resource('projects').title).toBe('name');
    expect(resource('members').title).toBe('user');
    expect(resource('events').title).toBe('id');
  });

  test('finds counters, and knows what of them is a state and is said in bytes', () => {
    const series = seriesOf(resource('usage', platform));
    expect(series?.of?.name).toBe('tenant');
    expect(series?.numbers.map(({ name, kind, gauge }) => [name, kind, gauge])).toEqual([
      ['requests', 'number', false],
      ['storage', 'bytes', true],
    ]);
    expect(seriesOf(resource('tasks'))).toBeUndefined();
  });

  test('finds the trail, and the words in it', () => {
    expect(trailOf(tenant.resources)?.fields.find(({ name }) => name === 'action')?.kind).toBe('word');
    expect(trailOf(tenant.resources)?.name).toBe('events');
    expect(trailOf(platform.resources)).toBeUndefined();
  });
});

describe('a field', () => {
  test.each([
    ['id', 'id'],
    ['project', 'reference'],
    ['title', 'text'],
    ['description', 'long'],
    ['status', 'choice'],
    ['mood', 'choice'],
    ['assignee', 'reference'],
    ['due_date', 'date'],
    ['effort', 'number'],
    ['size', 'bytes'],
    ['urgent', 'boolean'],
    ['metadata', 'json'],
    ['created_at', 'time'],
    ['password', 'secret'],
  ])('%s is of the kind %s', (name, kind) => {
    expect(field(name).kind).toBe(kind);
  });

  test('is what both answers and bodies say of it', () => {
    expect(field('title')).toMatchObject({
      shown: true,
      minLength: 1,
      maxLength: 255,
      create: { required: true },
      edit: { required: false },
    });
    expect(field('status')).toMatchObject({
      choices: ['todo', 'done'],
      create: { required: false, initial: 'todo' },
      edit: undefined,
    });
    expect(field('mood')).toMatchObject({ nullable: true, choices: ['good', 'bad'], create: undefined });
    expect(field('password')).toMatchObject({ shown: false, create: { required: false } });
    expect(field('project').help).toBe('The project.');
  });

  test('that names a record has a companion that names it for people', () => {
    expect(field('project')).toMatchObject({
      companion: 'project_name',
      ref: { resource: 'projects', by: 'id' },
    });
    expect(field('project_name').companionOf).toBe('project');
    expect(field('assignee')).toMatchObject({ ref: { by: 'user' } });
    expect(field('assignee').companion).toBeUndefined();
  });

  test('is not what an expansion adds', () => {
    expect(resource('tasks').fields.map(({ name }) => name)).not.toContain('project_details');
  });
});

describe('a list', () => {
  test('can be asked for what its parameters say', () => {
    const { filters, sorts, searchable, expands } = resource('tasks');
    expect(filters.map(({ field, lookups }) => [field.name, field.kind, [...lookups]])).toEqual([
      ['status', 'choice', ['exact', 'in']],
      ['due_date', 'date', ['gte', 'isnull']],
      ['title', 'text', ['icontains']],
      ['project', 'reference', ['exact']],
      ['hidden_thing', 'id', ['exact']],
    ]);
    expect(sorts).toEqual(['title', 'project_name']);
    expect(searchable).toBe(true);
    expect(expands).toEqual(['project']);
    expect(resource('projects').searchable).toBe(false);
  });
});
