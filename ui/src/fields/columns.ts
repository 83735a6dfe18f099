import type { Field } from '../document/field';
import type { Resource } from '../document/resource';

/** How many columns a list has at first beside the one that records are known by. */
const most = 5;

/** The columns that a list can have, in their order, and which of them are hidden at first. */
export function columnsOf(resource: Resource, without?: string): { all: Field[]; hidden: string[] } {
  const fields = resource.fields.filter(
    (field) => field.shown && field.kind !== 'secret' && field.name !== without,
  );
  // What nobody writes is a trail, read from left to right; of anything else one wants to know first what it is.
  const title = resource.get ? fields.find((field) => field.name === resource.title) : undefined;
  const rest = fields.filter((field) => field !== title);
  const shown = new Set([title, ...rest.filter(telling).slice(0, title ? most : most + 1)]);
  return {
    all: title ? [title, ...rest] : rest,
    hidden: fields.filter((field) => !shown.has(field)).map((field) => field.name),
  };
}

const dull = new Set(['long', 'json', 'id']);
const dullNames = new Set(['hash', 'checksum', 'request_id', 'file_path', 'ip', 'completed_at']);

function telling(field: Field): boolean {
  return (
    !dull.has(field.kind) &&
    field.companionOf === undefined &&
    !dullNames.has(field.name) &&
    !isBookkeeping(field)
  );
}

/** What the server notes of every record. */
export function isBookkeeping(field: Field): boolean {
  return (
    ['id', 'created_by', 'created_at', 'updated_at'].includes(field.name) && !field.create && !field.edit
  );
}
