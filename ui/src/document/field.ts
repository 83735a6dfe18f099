import { label } from './label';
import { nullable, resolve, types, type Document, type Schema } from './openapi';

/** What a field holds, as far as showing and asking for it goes. */
export type Kind =
  | 'text'
  | 'long'
  | 'secret'
  | 'choice'
  | 'word'
  | 'number'
  | 'bytes'
  | 'boolean'
  | 'date'
  | 'time'
  | 'id'
  | 'reference'
  | 'object'
  | 'changes'
  | 'json';

/** One field of a record, or of the body of an action. */
export interface Field {
  name: string;
  label: string;
  help: string;
  kind: Kind;
  nullable: boolean;
  /** Answers have it. A password, say, can only be given. */
  shown: boolean;
  integer: boolean;
  /** A number that tells a state, so that those of several times are not added up. */
  gauge: boolean;
  choices: string[];
  ref?: Ref;
  /** The parts of an object. */
  properties: Field[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  /** Where it may be given, and whether it must. */
  create?: Input;
  edit?: Input;
  /** The field that holds, in the same record, a name for what this reference names. */
  companion?: string;
  /** The reference that this field is the companion of. */
  companionOf?: string;
}

/** The resource whose record a field names, and the parameter by which its list finds it. */
export interface Ref {
  resource: string;
  by: string;
}

export interface Input {
  required: boolean;
  initial?: unknown;
}

/** A text that may be longer than this is asked for in several lines. */
const longText = 500;

export function fieldOf(document: Document, name: string, given: Schema): Field {
  const schema = resolve(document, given);
  return {
    name,
    label: label(name),
    help: schema.description ?? '',
    kind: kindOf(document, name, schema),
    nullable: nullable(schema),
    shown: !schema.writeOnly,
    integer: types(schema).includes('integer'),
    gauge: schema['x-tenantry-gauge'] === true,
    choices: (schema.enum ?? []).filter((choice) => choice !== null),
    ref: refOf(schema),
    properties: Object.entries(schema.properties ?? {}).map(([part, s]) => fieldOf(document, part, s)),
    minLength: schema.minLength,
    maxLength: schema.maxLength,
    minimum: schema.minimum,
    maximum: schema.maximum,
  };
}

function refOf(schema: Schema): Ref | undefined {
  const resource = schema['x-references'];
  return resource === undefined ? undefined : { resource, by: schema['x-references-by'] ?? 'id' };
}

function kindOf(document: Document, name: string, schema: Schema): Kind {
  if (schema['x-references']) return 'reference';
  const [type] = types(schema).filter((one) => one !== 'null');
  switch (type) {
    case 'boolean':
      return 'boolean';
    case 'integer':
    case 'number':
      return schema['x-tenantry-unit'] === 'bytes' ? 'bytes' : 'number';
    case 'string':
      return kindOfText(name, schema);
    case 'object':
      return kindOfObject(document, schema);
    default:
      return 'json';
  }
}

function kindOfText(name: string, schema: Schema): Kind {
  if (schema.enum) return 'choice';
  if (schema['x-tenantry-word']) return 'word';
  switch (schema.format) {
    case 'date':
      return 'date';
    case 'date-time':
      return 'time';
    case 'uuid':
      return 'id';
    case 'password':
      return 'secret';
  }
  if (schema.writeOnly && name.includes('password')) return 'secret';
  return (schema.maxLength ?? 0) > longText ? 'long' : 'text';
}

function kindOfObject(document: Document, schema: Schema): Kind {
  if (schema.properties) return 'object';
  if (typeof schema.additionalProperties !== 'object') return 'json';
  const each = resolve(document, schema.additionalProperties);
  return types(each).includes('array') && each.minItems === 2 && each.maxItems === 2 ? 'changes' : 'json';
}

/** The fields of a record: those that answers have, then those that can only be given. */
export function fieldsOf(document: Document, shown: Schema, create?: Schema, edit?: Schema): Field[] {
  const fields = new Map<string, Field>();
  const schemas = { ...edit?.properties, ...create?.properties, ...shown.properties };
  const names = [
    ...Object.keys(shown.properties ?? {}),
    ...Object.keys({ ...create?.properties, ...edit?.properties }),
  ];
  for (const name of new Set(names)) {
    const schema = schemas[name];
    // What expanding a reference adds is a record of its own.
    if (!schema || isDetails(name, shown)) continue;
    const field = fieldOf(document, name, schema);
    field.shown = shown.properties?.[name] !== undefined;
    field.create = inputOf(name, create);
    field.edit = inputOf(name, edit);
    const asked = create?.properties?.[name] ?? edit?.properties?.[name];
    if (asked) Object.assign(field, limitsOf(resolve(document, asked)));
    fields.set(name, field);
  }
  const list = [...fields.values()];
  nameCompanions(list);
  return list;
}

/** What a client may send can be bound more tightly than what an answer may hold. */
function limitsOf(schema: Schema): Partial<Field> {
  const { minLength, maxLength, minimum, maximum, description = '' } = schema;
  // Where a record is picked, nobody needs to know that its id is what is sent.
  const help = description.replace(/\s*The id of one of the tenant's [^.]*\./, '');
  return { minLength, maxLength, minimum, maximum, help };
}

export function isDetails(name: string, record: Schema): boolean {
  const base = name.replace(/_details$/, '');
  return base !== name && record.properties?.[base] !== undefined && !record.required?.includes(name);
}

export function inputOf(name: string, body?: Schema): Input | undefined {
  const schema = body?.properties?.[name];
  if (!schema) return undefined;
  return { required: body?.required?.includes(name) ?? false, initial: schema.default };
}

function nameCompanions(fields: Field[]): void {
  for (const field of fields) {
    if (field.kind !== 'reference') continue;
    const companion = fields.find(
      (other) =>
        other.name.startsWith(field.name + '_') && other.kind === 'text' && !other.create && !other.edit,
    );
    if (!companion) continue;
    field.companion = companion.name;
    companion.companionOf = field.name;
  }
}
