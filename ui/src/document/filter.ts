import { fieldOf, type Field } from './field';
import { resolve, type Document, type Operation, type Parameter } from './openapi';

const lookups = ['in', 'gt', 'gte', 'lt', 'lte', 'icontains', 'isnull'] as const;

export type Lookup = 'exact' | (typeof lookups)[number];

/** A field by which a list can be narrowed, and how. */
export interface Filter {
  /** What is compared, under the name of its parameter. */
  field: Field;
  lookups: Set<Lookup>;
}

/** What a list can be asked for. */
export interface Listing {
  filters: Filter[];
  sorts: string[];
  searchable: boolean;
  /** Whether it comes page by page; else it comes whole. */
  paged: boolean;
  /** The references whose records come along when asked for. */
  expands: string[];
}

const paging = new Set(['page_size', 'cursor', 'page', 'count', 'fields']);

/** Reads the parameters of a list. fields are the record's: a filter of one of them is asked for as it is. */
export function listingOf(document: Document, operation: Operation, fields: Field[]): Listing {
  const listing: Listing = { filters: [], sorts: [], searchable: false, paged: false, expands: [] };
  const byName = new Map<string, Filter>();
  for (const given of operation.parameters ?? []) {
    const parameter = resolve(document, given);
    if (parameter.in !== 'query') continue;
    if (parameter.name === 'page_size') listing.paged = true;
    if (paging.has(parameter.name)) continue;
    switch (parameter.name) {
      case 'search':
        listing.searchable = true;
        break;
      case 'ordering':
        listing.sorts = choicesOf(document, parameter).filter((choice) => !choice.startsWith('-'));
        break;
      case 'expand':
        listing.expands = choicesOf(document, parameter);
        break;
      default:
        addLookup(document, byName, parameter, fields);
    }
  }
  listing.filters = [...byName.values()];
  return listing;
}

function choicesOf(document: Document, parameter: Parameter): string[] {
  const items = parameter.schema?.items;
  return ((items && resolve(document, items).enum) ?? []).filter((choice) => choice !== null);
}

function addLookup(
  document: Document,
  byName: Map<string, Filter>,
  parameter: Parameter,
  fields: Field[],
): void {
  const [name, lookup] = split(parameter.name);
  let filter = byName.get(name);
  if (!filter) {
    const known = fields.find((field) => field.name === name && field.kind !== 'object' && field.shown);
    filter = { field: known ?? fieldOf(document, name, parameter.schema ?? {}), lookups: new Set() };
    byName.set(name, filter);
  }
  filter.lookups.add(lookup);
}

function split(parameter: string): [string, Lookup] {
  for (const lookup of lookups) {
    if (parameter.endsWith('__' + lookup)) return [parameter.slice(0, -lookup.length - 2), lookup];
  }
  return [parameter, 'exact'];
}
