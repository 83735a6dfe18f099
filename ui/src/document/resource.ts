import { fieldOf, fieldsOf, inputOf, type Field } from './field';
import { listingOf, type Listing } from './filter';
import { label } from './label';
import {
  answerOf,
  bodyOf,
  whole,
  type ContentFields,
  type Document,
  type Operation,
  type Schema,
} from './openapi';

/** The two planes of the API: what lies in a tenant, and the platform above. */
export type Plane = 'tenant' | 'platform';

const prefixes: Record<Plane, string> = { tenant: '/api/v1/', platform: '/api/admin/v1/' };

/** An operation that a resource has, and from which role on. */
export interface Access {
  role?: string;
}

/** POST {id}/<name>/, or, of no record, POST <name>/. */
export interface Action extends Access {
  name: string;
  label: string;
  help: string;
  /** The fields of its body; none where it takes none. */
  fields: Field[];
}

/** GET <name>/, which answers an object that is no record. */
export interface Report extends Access {
  name: string;
  label: string;
  path: string;
  schema: Schema;
}

/** One kind of record, with all that can be done to it. */
export interface Resource extends Listing {
  name: string;
  /** The path of the list. Below another resource's records it has {id} in it. */
  path: string;
  parent?: string;
  label: string;
  singular: string;
  description: string;
  fields: Field[];
  /** The field that a path names a record by. */
  key: string;
  /** The field that people know a record by. */
  title: string;
  list: Access;
  get?: Access;
  create?: Access;
  edit?: Access;
  remove?: Access;
  actions: Action[];
  /** What can be done that is about no record in particular. */
  commands: Action[];
  reports: Report[];
  content?: Access & { upload?: Access; remove?: Access; fields: ContentFields };
}

/** GET and PATCH of something that there is once. */
export interface Single {
  name: string;
  path: string;
  label: string;
  description: string;
  fields: Field[];
  get: Access;
  edit: Access;
}

/** Everything that one plane offers. */
export interface Catalog {
  resources: Resource[];
  singles: Single[];
}

interface Place {
  path: string;
  /** The path behind the plane's prefix: ["tasks", "{id}", "complete"]. */
  parts: string[];
  methods: Record<string, Operation>;
}

const isParameter = (part: string | undefined) => part?.startsWith('{') ?? false;

/** Reads off the document what can be listed, shown and changed. */
export function catalogOf(document: Document, plane: Plane): Catalog {
  const prefix = prefixes[plane];
  const places = Object.entries(document.paths)
    .filter(([path]) => path.startsWith(prefix))
    .map(([path, methods]) => ({
      path,
      methods,
      parts: path.slice(prefix.length).split('/').filter(Boolean),
    }));
  const catalog: Catalog = { resources: [], singles: [] };
  const names = new Set(places.filter((place) => recordsOf(document, place)).map((place) => place.parts[0]));
  for (const place of places) {
    const record = recordsOf(document, place);
    if (record && isCollection(place, names)) {
      catalog.resources.push(resourceOf(document, place, places, record));
    } else if (place.parts.length === 1 && !record && place.methods.get && place.methods.patch) {
      catalog.singles.push(singleOf(document, place));
    }
  }
  // What people work with comes before what the server keeps.
  catalog.resources.sort((a, b) => Number(isKept(a)) - Number(isKept(b)));
  return catalog;
}

function isKept(resource: Resource): boolean {
  return !resource.get && !resource.create && !resource.parent;
}

/** A list is one of its own at the top, or below a record where its records are listed nowhere else. */
function isCollection({ parts }: Place, names: Set<string | undefined>): boolean {
  if (parts.length === 1) return true;
  return parts.length === 3 && isParameter(parts[1]) && !names.has(parts[2]);
}

/** The schema of the records that a GET lists, undefined where it is no list. */
function recordsOf(document: Document, { methods }: Place): Schema | undefined {
  const items = answerOf(document, methods.get)?.properties?.results?.items;
  return items && whole(document, items);
}

function accessOf(operation: Operation | undefined): Access | undefined {
  return operation && { role: operation['x-tenantry-role'] };
}

function resourceOf(document: Document, place: Place, places: Place[], listed: Schema): Resource {
  const depth = place.parts.length;
  const below = places.filter(
    ({ parts }) => parts.length > depth && place.parts.every((part, i) => part === parts[i]),
  );
  const item = below.find(({ parts }) => parts.length === depth + 1 && isParameter(parts[depth]))?.methods;
  const shown = answerOf(document, item?.get) ?? listed;
  const fields = fieldsOf(
    document,
    shown,
    bodyOf(document, place.methods.post),
    bodyOf(document, item?.patch),
  );
  const last = place.parts[depth - 1] ?? '';
  const resource: Resource = {
    name: place.parts.filter((part) => !isParameter(part)).join('.'),
    path: place.path,
    parent: depth > 1 ? place.parts[0] : undefined,
    label: label(last),
    singular: singularOf(place.methods.post ?? item?.get, last),
    description: shown.description ?? '',
    fields,
    key: keyOf(below, depth, fields),
    title: titleOf(fields),
    ...listingOf(document, place.methods.get as Operation, fields),
    list: accessOf(place.methods.get) ?? {},
    get: accessOf(item?.get),
    create: accessOf(place.methods.post),
    edit: accessOf(item?.patch),
    remove: accessOf(item?.delete),
    actions: actionsOf(document, below, depth),
    commands: commandsOf(document, below, depth),
    reports: reportsOf(document, below, depth),
    content: contentOf(below, depth),
  };
  const size = fields.find((field) => field.name === resource.content?.fields.size);
  if (size) size.kind = 'bytes';
  return resource;
}

/** createInvoice, getInvoice and adminCreateInvoice say what one record is called. */
function singularOf(operation: Operation | undefined, name: string): string {
  const said = operation?.operationId.replace(/^admin(?=[A-Z])/, '').replace(/^[A-Za-z][a-z]+(?=[A-Z])/, '');
  return label(said ?? name.replace(/s$/, ''));
}

const titles = ['name', 'title', 'username', 'label', 'subject', 'slug', 'number', 'code', 'email'];

function titleOf(fields: Field[]): string {
  const shown = fields.filter((field) => field.shown);
  const texts = shown.filter((field) => field.kind === 'text' && !field.companionOf);
  const named = titles.map((name) => texts.find((field) => field.name === name)).find(Boolean);
  const whose = shown.find(
    (field) => field.kind === 'object' && field.properties.some((p) => titles.includes(p.name)),
  );
  return (named ?? texts.find((field) => field.create?.required) ?? whose ?? texts[0])?.name ?? 'id';
}

function actionsOf(document: Document, below: Place[], depth: number): Action[] {
  return below
    .filter(({ parts, methods }) => parts.length === depth + 2 && isParameter(parts[depth]) && methods.post)
    .filter(({ parts, methods }) => !isParameter(parts[depth + 1]) && !methods.get)
    .map((place) => actionOf(document, place));
}

function commandsOf(document: Document, below: Place[], depth: number): Action[] {
  return below
    .filter(({ parts, methods }) => parts.length === depth + 1 && methods.post && !methods.get)
    .filter(({ parts }) => !isParameter(parts[depth]))
    .map((place) => actionOf(document, place));
}

function actionOf(document: Document, { parts, methods }: Place): Action {
  const body = bodyOf(document, methods.post);
  const name = parts.at(-1) ?? '';
  return {
    name,
    label: label(name),
    help: methods.post?.summary ?? '',
    fields: Object.entries(body?.properties ?? {}).map(([part, schema]) => ({
      ...fieldOf(document, part, schema),
      create: inputOf(part, body),
    })),
    ...accessOf(methods.post),
  };
}

/** A parameter of a path that is named as a field is that field. */
function keyOf(below: Place[], depth: number, fields: Field[]): string {
  const named = below.map(({ parts }) => parts[depth]?.match(/^\{(.*)\}$/)?.[1]);
  return fields.find(({ name }) => named.includes(name))?.name ?? 'id';
}

function reportsOf(document: Document, below: Place[], depth: number): Report[] {
  return below
    .filter(({ parts }) => parts.length === depth + 1 && !isParameter(parts[depth]))
    .flatMap((place) => {
      const schema = answerOf(document, place.methods.get);
      if (!schema?.properties || schema.properties.results) return [];
      const name = place.parts[depth] ?? '';
      return { name, label: label(name), path: place.path, schema, ...accessOf(place.methods.get) };
    });
}

function contentOf(below: Place[], depth: number): Resource['content'] {
  const methods = below.find(
    ({ parts }) => parts.length === depth + 2 && parts[depth + 1] === 'content',
  )?.methods;
  const fields = methods?.get?.['x-tenantry-content'];
  if (!fields) return undefined;
  return {
    fields,
    ...accessOf(methods?.get),
    upload: accessOf(methods?.put),
    remove: accessOf(methods?.delete),
  };
}

function singleOf(document: Document, place: Place): Single {
  const name = place.parts[0] ?? '';
  const shown = answerOf(document, place.methods.get) ?? {};
  return {
    name,
    path: place.path,
    label: label(name),
    description: place.methods.get?.summary ?? '',
    fields: fieldsOf(document, shown, undefined, bodyOf(document, place.methods.patch)),
    get: accessOf(place.methods.get) ?? {},
    edit: accessOf(place.methods.patch) ?? {},
  };
}
