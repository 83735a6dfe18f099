import type { DataProvider, GetListParams, Identifier, RaRecord } from 'react-admin';
import { isProblem } from '../api/problem';
import type { Catalog, Resource } from '../document/resource';
import type { Session } from '../session/session';
import { Cursors } from './cursors';
import { changes, cleaned, patchBody, type Values } from './patch';
import { itemPath, listPath, listQuery, parentFilter } from './query';

/** Where a record keeps the entity tag that it came with, for If-Match. */
export const etagKey = '@etag';

/** How many ids a filter takes at once. */
const mostIds = 100;

interface Page {
  next: string | null;
  previous: string | null;
  count?: number;
  results: RaRecord[];
}

/** What a created or acted upon record's answer has beside the record: shown once, never again. */
export const onceKey = '@once';

/** Talks to the API for react-admin, about any resource of the catalog. */
export class Provider {
  readonly session: Session;
  readonly catalog: Catalog;
  #cursors = new Cursors();
  #unanswered?: { request: string; key: string };

  constructor(session: Session, catalog: Catalog) {
    this.session = session;
    this.catalog = catalog;
  }

  /** The same for react-admin, whose types promise a record of whatever type its caller names. */
  forReactAdmin(): DataProvider {
    return this as unknown as DataProvider;
  }

  /** The resource of a name. members@user are the members, each by its user's id. */
  resource(name: string): Resource {
    const [plain] = name.split('@');
    const found = this.catalog.resources.find((resource) => resource.name === plain);
    if (!found) throw new Error(`There is no resource ${name}.`);
    return found;
  }

  getList = async (name: string, params: GetListParams & { signal?: AbortSignal }) => {
    const resource = this.resource(name);
    const { page = 1, perPage = 25 } = params.pagination ?? {};
    const parent = params.filter?.[parentFilter] as string | undefined;
    const query = listQuery(resource, params);
    if (!resource.paged) return this.#whole(name, resource, query, parent);
    query.set('page_size', String(Math.min(perPage, 200)));
    const list = `${listPath(resource, parent)}?${query}`;
    const at = this.#cursors.parameter(list, page);
    if (at) query.set(...at);
    const found = await this.#page(listPath(resource, parent), query).catch((error: unknown) => {
      if (at?.[0] !== 'cursor' || !isProblem(error, 'validation_failed')) throw error;
      this.#cursors.forget(list);
      query.delete('cursor');
      query.set('page', String(page));
      return this.#page(listPath(resource, parent), query);
    });
    this.#cursors.note(list, page, found.next);
    const before = (page - 1) * perPage;
    return {
      data: found.results.map((record) => this.#identified(name, record, parent)),
      // Only whoever has come to the last page knows how many there are.
      total: found.next === null ? before + found.results.length : undefined,
      pageInfo: { hasNextPage: found.next !== null, hasPreviousPage: page > 1 },
    };
  };

  /** A list that comes whole: all of it is one page. */
  async #whole(name: string, resource: Resource, query: URLSearchParams, parent?: string) {
    const { results } = await this.#page(listPath(resource, parent), query);
    const data = results.map((record) => this.#identified(name, record, parent));
    return { data, total: data.length, pageInfo: { hasNextPage: false, hasPreviousPage: false } };
  }

  async #page(path: string, query: URLSearchParams): Promise<Page> {
    return (await (await this.session.send(`${path}?${query}`)).json()) as Page;
  }

  /** How many records a list has altogether. */
  count = async (name: string, filter: Values): Promise<number> => {
    const resource = this.resource(name);
    const query = listQuery(resource, { filter });
    query.delete('expand');
    if (!resource.paged)
      return (await this.#page(listPath(resource, filter[parentFilter] as string | undefined), query)).results
        .length;
    query.set('page_size', '1');
    query.set('count', 'exact');
    return (
      (await this.#page(listPath(resource, filter[parentFilter] as string | undefined), query)).count ?? 0
    );
  };

  /** All records of a list, page after page, for an export. */
  all = async function* (
    this: Provider,
    name: string,
    params: { filter?: Values; sort?: GetListParams['sort']; signal?: AbortSignal },
  ) {
    const resource = this.resource(name);
    const path = listPath(resource, params.filter?.[parentFilter] as string | undefined);
    const query = listQuery(resource, params);
    if (resource.paged) query.set('page_size', '200');
    for (let next: string | null = `${path}?${query}`; next;) {
      const response = await this.session.send(next, { signal: params.signal });
      const page = (await response.json()) as Page;
      yield page.results;
      const cursor: string | null =
        page.next && new URL(page.next, window.location.origin).searchParams.get('cursor');
      if (cursor) query.set('cursor', cursor);
      next = cursor && `${path}?${query}`;
    }
  };

  getOne = async (name: string, { id }: { id: Identifier }) => {
    if (name.includes('@')) {
      const found = await this.getMany(name, { ids: [id] });
      if (!found.data[0]) throw new Error('There is no such record any more.');
      return { data: found.data[0] };
    }
    const response = await this.session.send(itemPath(this.resource(name), String(id)));
    return { data: await this.#record(name, response, String(id)) };
  };

  getMany = async (name: string, { ids }: { ids: Identifier[] }) => {
    const [plain = '', by = 'id'] = name.split('@');
    const resource = this.resource(plain);
    const data: RaRecord[] = [];
    for (let from = 0; from < ids.length; from += mostIds) {
      const query = new URLSearchParams({ page_size: String(mostIds) });
      query.set(`${by}__in`, ids.slice(from, from + mostIds).join(','));
      const page = await this.#page(listPath(resource), query);
      data.push(...page.results.map((record) => this.#identified(name, record)));
    }
    return { data };
  };

  getManyReference = async (name: string, params: GetListParams & { target: string; id: Identifier }) =>
    this.getList(name, { ...params, filter: { ...params.filter, [params.target]: params.id } });

  create = async (name: string, { data }: { data: Values }) => {
    const resource = this.resource(name);
    const parent = data[parentFilter] as string | undefined;
    const body = cleaned(
      resource.fields.filter((field) => field.create),
      data,
    );
    const response = await this.#post(listPath(resource, parent), body);
    return { data: await this.#record(name, response, undefined, parent) };
  };

  /** Sends a POST. The same one sent again, after an answer that never came, has the same key and takes effect once. */
  async #post(path: string, json: Values | undefined): Promise<Response> {
    const request = `${path} ${JSON.stringify(json)}`;
    if (this.#unanswered?.request !== request) this.#unanswered = { request, key: newKey() };
    const headers = { 'Idempotency-Key': this.#unanswered.key };
    try {
      const response = await this.session.send(path, { method: 'POST', json, headers });
      this.#unanswered = undefined;
      return response;
    } catch (error) {
      if (!(error instanceof TypeError)) this.#unanswered = undefined;
      throw error;
    }
  }

  update = async (name: string, params: { id: Identifier; data: Values; previousData?: Values }) => {
    const resource = this.resource(name);
    const before = params.previousData ?? {};
    const editable = resource.fields.filter((field) => field.edit);
    const after = cleaned(editable, params.data);
    const changed = changes(editable, before, after);
    if (Object.keys(changed).length === 0) return { data: before as RaRecord };
    const patch = patchBody(before, changed);
    const etag = before[etagKey];
    const response = await this.session.send(itemPath(resource, String(params.id)), {
      method: patch ? 'PATCH' : 'PUT',
      json: patch ?? { ...cleaned(editable, before), ...after },
      headers: typeof etag === 'string' ? { 'If-Match': etag } : {},
    });
    return { data: await this.#record(name, response, String(params.id)) };
  };

  updateMany = async (name: string, { ids, data }: { ids: Identifier[]; data: Values }) => {
    for (const id of ids) await this.update(name, { id, data });
    return { data: ids };
  };

  delete = async (name: string, { id, previousData }: { id: Identifier; previousData?: RaRecord }) => {
    await this.session.send(itemPath(this.resource(name), String(id)), { method: 'DELETE' });
    return { data: previousData ?? { id } };
  };

  deleteMany = async (name: string, { ids }: { ids: Identifier[] }) => {
    for (const id of ids) await this.delete(name, { id });
    return { data: ids };
  };

  /** Does one of the things that can be done to a record. */
  act = async (name: string, id: Identifier, action: string, body: Values | undefined) => {
    const response = await this.#post(`${itemPath(this.resource(name), String(id))}${action}/`, body);
    return response.status === 204 ? undefined : await this.#record(name, response, String(id));
  };

  /** Does one of the things that are about no record in particular. */
  command = async (name: string, action: string, body: Values | undefined) => {
    const response = await this.#post(`${listPath(this.resource(name))}${action}/`, body);
    return response.status === 204 ? undefined : await this.#record(name, response);
  };

  /** Reads the record of an answer. What the record's schema does not have is in the answer this once. */
  async #record(name: string, response: Response, id?: string, parent?: string): Promise<RaRecord> {
    const answer = (await response.json()) as RaRecord;
    const { fields } = this.resource(name);
    const record = id === undefined ? this.#identified(name, answer, parent) : { ...answer, id };
    record[etagKey] = response.headers.get('ETag');
    const once = Object.entries(answer).filter(([key, value]) => {
      const known = fields.some((field) => field.shown && field.name === key) || key.endsWith('_details');
      return !known && typeof value === 'string';
    });
    if (once.length > 0) record[onceKey] = Object.fromEntries(once);
    return record;
  }

  /** Gives a record the id by which the interface knows it. */
  #identified(name: string, record: RaRecord, parent?: string): RaRecord {
    const by = name.split('@')[1];
    if (by) {
      const value = record[by] as { id?: string } | string;
      return { ...record, id: typeof value === 'object' ? (value.id ?? '') : value };
    }
    const id = String(record[this.resource(name).key]);
    return { ...record, id: parent ? `${parent}/${id}` : id };
  }
}

/** A random name for a request. crypto.randomUUID is not there on pages without https. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
