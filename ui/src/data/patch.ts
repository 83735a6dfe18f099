import type { Field } from '../document/field';

export type Values = Record<string, unknown>;

/** What a form holds, as the API takes it: an emptied text that may not be null is empty, a number that may not is left out. */
export function cleaned(fields: Field[], values: Values): Values {
  const out: Values = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined) continue;
    // A secret that is left empty is left alone: taking it away is nothing that one does by accident.
    if (field.kind === 'secret' && !value) continue;
    if (value === null && !field.nullable) {
      if (field.kind === 'text' || field.kind === 'long') out[field.name] = '';
      continue;
    }
    out[field.name] = value instanceof Date ? value.toISOString() : value;
  }
  return out;
}

/** The fields whose values differ. */
export function changes(fields: Field[], before: Values, after: Values): Values {
  const out: Values = {};
  for (const { name } of fields) {
    if (name in after && !same(before[name], after[name])) out[name] = after[name];
  }
  return out;
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

/**
 * The merge patch (RFC 7396) that turns before into after, undefined where there is none: null in a patch takes a
 * member away, so no patch can store a null inside of an object.
 */
export function mergePatch(before: unknown, after: unknown): unknown {
  if (!isObject(after)) return after;
  if (!isObject(before)) return hasNull(after) ? undefined : after;
  const out: Values = {};
  for (const name of Object.keys(before)) {
    if (!(name in after)) out[name] = null;
  }
  for (const [name, value] of Object.entries(after)) {
    if (name in before && same(before[name], value)) continue;
    const part = value === null ? undefined : mergePatch(before[name], value);
    if (part === undefined) return undefined;
    out[name] = part;
  }
  return out;
}

function isObject(value: unknown): value is Values {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function hasNull(value: Values): boolean {
  return Object.values(value).some((part) => part === null || (isObject(part) && hasNull(part)));
}

/** The body of a PATCH with the changed fields, undefined where only a PUT of the whole record can do it. */
export function patchBody(before: Values, changed: Values): Values | undefined {
  const out: Values = {};
  for (const [name, value] of Object.entries(changed)) {
    const part = isObject(value) ? mergePatch(before[name] ?? {}, value) : value;
    if (part === undefined) return undefined;
    out[name] = part;
  }
  return out;
}
