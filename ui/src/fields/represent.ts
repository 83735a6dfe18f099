import type { Field } from '../document/field';
import { words } from '../document/label';
import type { Resource } from '../document/resource';
import type { Values } from '../data/patch';

/** The text that people know a record by. */
export function represent(resource: Resource, record: Values | undefined): string {
  if (!record) return '';
  const field = resource.fields.find((one) => one.name === resource.title);
  const text = field && textOf(record[field.name]);
  if (text && field.kind === 'word') return words(text);
  return text || shortId(record.id);
}

const names = ['name', 'title', 'username', 'label', 'slug', 'id'];

/** A text for any value; of an object, its name. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  const name = names.find((one) => typeof (value as Values)[one] === 'string');
  return name ? String((value as Values)[name]) : JSON.stringify(value);
}

/** The end of an id, which tells ids apart better than its beginning: that is a time. */
export function shortId(id: unknown): string {
  const text = String(id ?? '');
  return text.length > 12 ? '…' + text.slice(-8) : text;
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];

export function bytes(value: number): string {
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${value.toLocaleString(undefined, { maximumFractionDigits: at === 0 ? 0 : 1 })} ${units[at]}`;
}

/** A number of the field in words: 1,024, or 1 KB. */
export function amount(field: Field, value: number): string {
  return field.kind === 'bytes' ? bytes(value) : value.toLocaleString();
}

const times = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
// A day is the same day everywhere.
const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });

export function time(value: string): string {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? value : times.format(at);
}

export function day(value: string): string {
  const at = new Date(value + 'T00:00:00Z');
  return Number.isNaN(at.getTime()) ? value : days.format(at);
}

/** Whether two words are forms of one: suspend and suspended, activate and active. */
export function sameStem(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  let common = 0;
  while (common < shorter && a[common] === b[common]) common++;
  return common >= 5 && common >= shorter - 1;
}
