import type { Resource } from '../document/resource';

/** What a list is asked for, as react-admin has it. Keys of filter are parameters; q is the search. */
export interface Asked {
  filter?: Record<string, unknown>;
  sort?: { field: string; order: 'ASC' | 'DESC' };
}

/** The filter by which a list below another record is bound to that record. */
export const parentFilter = '@parent';

export const searchFilter = 'q';

/** The parameters of a list, without those of its page. */
export function listQuery(resource: Resource, { filter = {}, sort }: Asked): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    const text = parameter(value);
    if (text === '' || name === parentFilter) continue;
    query.set(name === searchFilter ? 'search' : name, text);
  }
  const order = sort && orderBy(resource, sort.field);
  if (order) query.set('ordering', (sort.order === 'DESC' ? '-' : '') + order);
  const expand = resource.expands.filter(
    (name) => !resource.fields.find((field) => field.name === name)?.companion,
  );
  if (expand.length > 0) query.set('expand', expand.join(','));
  return query;
}

function parameter(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(parameter).join(',');
  return String(value);
}

/** The field that a list is ordered by when its reader asks for one: a reference is ordered by the name it is shown as. */
export function orderBy(resource: Resource, name: string): string | undefined {
  const companion = resource.fields.find((field) => field.name === name)?.companion;
  return [companion, name].find((field) => field !== undefined && resource.sorts.includes(field));
}

/** The path of a resource's list. */
export function listPath(resource: Resource, parent?: string): string {
  return resource.path.replace('{id}', encodeURIComponent(parent ?? ''));
}

/** The path of one record. The id of one below another record has both ids in it. */
export function itemPath(resource: Resource, id: string): string {
  const [first = '', second] = id.split('/');
  if (second === undefined) return `${resource.path}${encodeURIComponent(first)}/`;
  return `${listPath(resource, first)}${encodeURIComponent(second)}/`;
}
