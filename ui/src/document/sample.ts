import type { Document, Operation, Parameter, Schema } from './openapi';

// A document as the server writes it, with one of everything. Tests read it.

const schema = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const answers = (name: string, status = '200') => ({
  [status]: { content: { 'application/json': { schema: schema(name) } } },
});
const takes = (name: string) => ({ content: { 'application/json': { schema: schema(name) } } });

function filter(name: string, of: Schema = { type: 'string' }): Parameter {
  return { name, in: 'query', schema: of };
}

function list(operationId: string, page: string, parameters: Parameter[] = [], role = 'viewer'): Operation {
  return { operationId, parameters, responses: answers(page), 'x-tenantry-role': role };
}

function record(operationId: string, name: string, role: string, body?: string): Operation {
  return {
    operationId,
    responses: answers(name),
    requestBody: body ? takes(body) : undefined,
    'x-tenantry-role': role,
  };
}

const page = (name: string): Schema => ({
  type: 'object',
  properties: {
    next: { type: ['string', 'null'] },
    results: { type: 'array', items: { anyOf: [schema(name), schema(`${name}Sparse`)] } },
  },
});

const id: Schema = { type: 'string', format: 'uuid', readOnly: true };
const project: Schema = {
  type: 'string',
  format: 'uuid',
  'x-references': 'projects',
};
const assignee: Schema = {
  type: ['string', 'null'],
  format: 'uuid',
  'x-references': 'members',
  'x-references-by': 'user',
};
const status: Schema = { type: 'string', enum: ['todo', 'done'] };

const task: Schema = {
  type: 'object',
  description: 'Things to be done.',
  properties: {
    id,
    project: { ...project, description: 'The project.' },
    project_name: { type: 'string', readOnly: true },
    title: { type: 'string', minLength: 1, maxLength: 255 },
    description: { type: 'string', maxLength: 10000 },
    status,
    mood: { type: ['string', 'null'], enum: ['good', 'bad', null] },
    assignee,
    due_date: { type: ['string', 'null'], format: 'date' },
    effort: { type: 'integer', minimum: 0 },
    size: { type: 'integer' },
    checksum: { type: ['string', 'null'], readOnly: true },
    urgent: { type: 'boolean' },
    metadata: { type: 'object', additionalProperties: true },
    created_at: { type: 'string', format: 'date-time', readOnly: true },
    project_details: schema('Project'),
  },
  required: ['id', 'project', 'project_name', 'title'],
};

const input = {
  project: { ...project, description: "The project. The id of one of the tenant's projects." },
  title: { type: 'string', minLength: 1, maxLength: 255 },
  description: { type: 'string', maxLength: 10000 },
  metadata: { type: 'object', additionalProperties: true },
  assignee,
};

export const sample: Document = {
  info: { title: 'Sample', version: '1' },
  paths: {
    '/api/v1/me/': { get: record('getMe', 'Me', 'viewer') },
    '/api/v1/projects/': {
      get: list('listProjects', 'ProjectPage'),
      post: record('createProject', 'Project', 'member', 'ProjectCreate'),
    },
    '/api/v1/projects/{id}/': { get: record('getProject', 'Project', 'viewer') },
    '/api/v1/projects/{id}/tasks/': { get: list('listProjectTasks', 'TaskPage') },
    '/api/v1/projects/statistics/': { get: record('getProjectStatistics', 'ProjectStatistics', 'viewer') },
    '/api/v1/tasks/': {
      get: list('listTasks', 'TaskPage', [
        { $ref: '#/components/parameters/PageSize', name: '', in: '' },
        filter('search'),
        filter('ordering', {
          type: 'array',
          items: { type: 'string', enum: ['title', '-title', 'project_name', '-project_name'] },
        }),
        filter('fields', { type: 'array' }),
        filter('expand', { type: 'array', items: { type: 'string', enum: ['project'] } }),
        filter('status', status),
        filter('status__in', { type: 'array', items: status }),
        filter('due_date__gte', { type: 'string', format: 'date' }),
        filter('due_date__isnull', { type: 'boolean' }),
        filter('title__icontains'),
        filter('project', { type: 'string', format: 'uuid' }),
        filter('hidden_thing', { type: 'string', format: 'uuid' }),
      ]),
      post: record('createTask', 'Task', 'member', 'TaskCreate'),
    },
    '/api/v1/tasks/{id}/': {
      get: record('getTask', 'Task', 'viewer'),
      put: record('replaceTask', 'Task', 'member', 'TaskCreate'),
      patch: record('updateTask', 'Task', 'member', 'TaskPatch'),
      delete: { operationId: 'deleteTask', 'x-tenantry-role': 'admin' },
    },
    '/api/v1/tasks/by-status/': { get: list('listTasksByStatus', 'TaskPage') },
    '/api/v1/tasks/{id}/complete/': { post: record('completeTask', 'Task', 'member') },
    '/api/v1/tasks/{id}/remind/': { post: record('remindTask', 'Task', 'admin', 'Reminder') },
    '/api/v1/tasks/{id}/content/': {
      get: {
        operationId: 'getTaskContent',
        'x-tenantry-role': 'viewer',
        'x-tenantry-content': { path: 'title', checksum: 'checksum', size: 'size' },
      },
      put: { operationId: 'putTaskContent', 'x-tenantry-role': 'member' },
    },
    '/api/v1/members/': {
      get: list('listMembers', 'MemberPage', [filter('username'), filter('user__in')]),
      post: record('createMember', 'Member', 'admin', 'MemberCreate'),
    },
    '/api/v1/members/{id}/': { get: record('getMember', 'Member', 'viewer') },
    '/api/v1/tenant/': {
      get: record('getTenant', 'Tenant', 'viewer'),
      patch: record('updateTenant', 'Tenant', 'owner', 'TenantPatch'),
    },
    '/api/v1/events/': { get: list('listEvents', 'EventPage', [filter('record')], 'admin') },
    '/api/admin/v1/keys/': { get: list('listKeys', 'KeyPage') },
    '/api/admin/v1/keys/rotate/': { post: record('rotateKeys', 'Key', '', 'KeyRotation') },
    '/api/admin/v1/keys/{kid}/retire/': { post: { operationId: 'retireKey' } },
    '/api/admin/v1/usage/': {
      get: list('listUsage', 'UsageCountPage', [
        filter('hour__gte', { type: 'string', format: 'date-time' }),
      ]),
    },
    '/api/admin/v1/tenants/': { get: list('listTenants', 'TenantPage') },
    '/api/admin/v1/tenants/{id}/': { get: record('getTheTenant', 'Tenant', '') },
    '/api/admin/v1/tenants/{id}/members/': { get: list('listTenantMembers', 'MemberPage') },
    '/api/admin/v1/tenants/{id}/members/{member}/': { get: record('getTenantMember', 'Member', '') },
  },
  components: {
    parameters: { PageSize: { name: 'page_size', in: 'query' } },
    schemas: {
      Task: task,
      TaskPage: page('Task'),
      TaskCreate: {
        type: 'object',
        properties: {
          ...input,
          status: { ...status, default: 'todo' },
          password: { type: 'string', format: 'password' },
        },
        required: ['project', 'title'],
      },
      TaskPatch: { type: 'object', properties: { title: input.title, description: input.description } },
      Reminder: {
        type: 'object',
        properties: { at: { type: 'string', format: 'date-time' } },
        required: ['at'],
      },
      Project: { type: 'object', properties: { id, name: { type: 'string' } } },
      ProjectPage: page('Project'),
      ProjectCreate: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      ProjectStatistics: { type: 'object', properties: { total: { type: 'integer' } } },
      Me: { type: 'object', properties: { role: { type: 'string' } } },
      Member: {
        type: 'object',
        properties: {
          id,
          user: { type: 'object', properties: { id, username: { type: 'string' } } },
          role: { type: 'string' },
        },
      },
      MemberPage: page('Member'),
      MemberCreate: {
        type: 'object',
        properties: { username: { type: 'string' }, role: { type: 'string' } },
      },
      Tenant: {
        type: 'object',
        properties: { id, slug: { type: 'string', readOnly: true }, name: { type: 'string' } },
      },
      TenantPage: page('Tenant'),
      UsageCount: {
        type: 'object',
        properties: {
          id,
          tenant: { type: 'string', format: 'uuid', 'x-references': 'tenants' },
          hour: { type: 'string', format: 'date-time', readOnly: true },
          requests: { type: 'integer', readOnly: true },
          storage: {
            type: ['integer', 'null'],
            readOnly: true,
            'x-tenantry-unit': 'bytes',
            'x-tenantry-gauge': true,
          },
        },
      },
      UsageCountPage: page('UsageCount'),
      TenantPatch: { type: 'object', properties: { name: { type: 'string' } } },
      Event: {
        type: 'object',
        properties: {
          id,
          action: { type: 'string', 'x-tenantry-word': true },
          record: { type: ['string', 'null'], format: 'uuid' },
          changes: { type: 'object', additionalProperties: { type: 'array', minItems: 2, maxItems: 2 } },
        },
      },
      EventPage: page('Event'),
      Key: { type: 'object', properties: { kid: { type: 'string' }, state: { type: 'string' } } },
      KeyPage: page('Key'),
      KeyRotation: { type: 'object', properties: { activate_in: { type: 'integer' } } },
    },
  },
};
