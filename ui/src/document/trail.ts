import type { Resource } from './resource';

/** The trail: a list that nobody can write to and that can be narrowed to one record. */
export function trailOf(resources: Resource[]): Resource | undefined {
  return resources.find(
    (resource) =>
      !resource.create &&
      resource.fields.some((field) => field.kind === 'changes') &&
      resource.filters.some(({ field }) => field.name === 'record'),
  );
}
