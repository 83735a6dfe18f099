import type { Field } from './field';
import type { Resource } from './resource';

/** Counters that the server keeps over time: records that nobody writes, with a time and numbers. */
export interface Series {
  resource: Resource;
  time: Field;
  numbers: Field[];
  /** What is counted, where it is counted for several. */
  of?: Field;
}

export function seriesOf(resource: Resource): Series | undefined {
  const { fields, filters } = resource;
  const times = fields.filter((field) => field.kind === 'time');
  const numbers = fields.filter((field) => field.kind === 'number' || field.kind === 'bytes');
  const [time] = times;
  const since = filters.some(({ field, lookups }) => field.name === time?.name && lookups.has('gte'));
  const trail = fields.some((field) => field.kind === 'changes');
  if (resource.get || resource.create || trail || !time || times.length > 1 || numbers.length === 0 || !since)
    return undefined;
  return { resource, time, numbers, of: fields.find((field) => field.kind === 'reference') };
}
