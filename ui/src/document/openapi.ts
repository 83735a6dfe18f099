// The parts of an OpenAPI 3.1 document that the interface is built from.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: (string | null)[];
  default?: unknown;
  readOnly?: boolean;
  writeOnly?: boolean;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  /** The resource whose record a field names, and the parameter by which its list finds it, where that is not id. */
  'x-references'?: string;
  'x-references-by'?: string;
  /** A text is one name of the service's, such as logged_in. */
  'x-tenantry-word'?: boolean;
  /** What a number counts. */
  'x-tenantry-unit'?: string;
  /** It tells a state, so that those of several times are not added up. */
  'x-tenantry-gauge'?: boolean;
}

/** Names the fields of a record that tell of its file. */
export interface ContentFields {
  name?: string;
  path: string;
  size?: string;
  type?: string;
  checksum: string;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { content?: Record<string, { schema?: Schema }> }>;
  'x-tenantry-role'?: string;
  'x-tenantry-content'?: ContentFields;
}

export interface Document {
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components?: Record<string, Record<string, unknown>>;
}

/** Follows a reference of the document; what is none is returned as it is. */
export function resolve<T extends { $ref?: string }>(document: Document, from: T): T {
  let at: T = from;
  for (let hops = 0; at.$ref !== undefined && hops < 10; hops++) {
    let found: unknown = document;
    for (const name of at.$ref.replace(/^#\//, '').split('/')) {
      found = (found as Record<string, unknown> | undefined)?.[name];
    }
    if (found === undefined) {
      throw new Error(`The document has nothing at ${at.$ref}.`);
    }
    at = found as T;
  }
  return at;
}

/** The schema of an operation's good answer, undefined where it has none. */
export function answerOf(document: Document, operation: Operation | undefined): Schema | undefined {
  const good = Object.entries(operation?.responses ?? {}).find(([status]) => status.startsWith('2'));
  return jsonSchema(document, good?.[1].content);
}

/** The schema of an operation's body, undefined where it takes none. */
export function bodyOf(document: Document, operation: Operation | undefined): Schema | undefined {
  return jsonSchema(document, operation?.requestBody?.content);
}

function jsonSchema(document: Document, content?: Record<string, { schema?: Schema }>): Schema | undefined {
  const schema = (content?.['application/json'] ?? content?.['application/merge-patch+json'])?.schema;
  return schema && whole(document, schema);
}

/** Of a record that may be answered whole or in part, and of one that may be null, the whole record. */
export function whole(document: Document, schema: Schema): Schema {
  const found = resolve(document, schema);
  const first = found.anyOf?.[0];
  return first ? whole(document, first) : found;
}

export function types(schema: Schema): string[] {
  return schema.type === undefined ? [] : [schema.type].flat();
}

export function nullable(schema: Schema): boolean {
  return types(schema).includes('null') || (schema.anyOf ?? []).some((s) => types(s).includes('null'));
}
