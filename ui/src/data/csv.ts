import type { Field } from '../document/field';
import type { Values } from './patch';

/** The head of a CSV text (RFC 4180) of the fields. */
export function csvHead(fields: Field[]): string {
  return fields.map((field) => quoted(field.name)).join(',') + '\r\n';
}

export function csvLine(fields: Field[], record: Values): string {
  return fields.map((field) => cell(field, record[field.name])).join(',') + '\r\n';
}

function cell(field: Field, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return quoted(harmless(JSON.stringify(value)));
  const text = String(value);
  return quoted(field.kind === 'number' || field.kind === 'bytes' ? text : harmless(text));
}

/** Spreadsheets run what begins like a formula. An apostrophe in front makes it a text; it is the reader's to remove. */
function harmless(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
