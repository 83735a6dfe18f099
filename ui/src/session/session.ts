import type { Plane } from '../document/resource';
import { problemOf, ApiError, type TenantChoice } from '../api/problem';

/** Whom the interface is signed in as: a member of a tenant, or an operator of the platform. */
export type Kind = 'member' | 'operator';

export interface Identity {
  kind: Kind;
  user: { id: string; username: string };
  /** The tenant of a member. */
  tenant?: TenantChoice;
  role?: string;
}

/** An operator's stay in a tenant. */
export interface Visit {
  tenant: TenantChoice;
  role: string;
  reason: string;
  /** When it ends, in milliseconds since 1970. */
  until: number;
}

export type State =
  | { name: 'starting' }
  | { name: 'out'; notice?: string }
  | { name: 'in'; identity: Identity; visit?: Visit; notice?: string };

export interface Credentials {
  username: string;
  password: string;
  tenant?: string;
}

interface Grant {
  access: string;
  expires_in: number;
  kind: Kind;
  tenant?: TenantChoice & { role: string };
  /** Where it is an operator's. */
  user?: { id: string; username: string };
}

interface Token {
  value: string;
  /** When it has to be renewed, in milliseconds since 1970. */
  renew: number;
}

/** How long before its end a token is renewed. */
const early = 20_000;

/**
 * Who is signed in. The access tokens are held here alone, in memory: no other part of the interface sees one, and
 * none is stored. The refresh token is in a cookie that scripts can't read; the server exchanges it.
 */
export class Session {
  #state: State = { name: 'starting' };
  #token?: Token;
  #visitToken?: Token;
  #renewal?: Promise<void>;
  #listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  state = (): State => this.#state;

  #become(state: State): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  /** Goes on with the session that the browser still has a cookie for. */
  async start(): Promise<void> {
    try {
      const grant = await this.#exchange();
      if (grant) return await this.#enter(grant);
      this.#become({ name: 'out' });
    } catch (error) {
      this.#become({ name: 'out', notice: isEnd(error) ? undefined : textOf(error) });
    }
  }

  async signIn(kind: Kind, credentials: Credentials): Promise<void> {
    const response = await post(`/admin/session/${kind}/`, credentials);
    if (!response.ok) throw await problemOf(response);
    await this.#enter((await response.json()) as Grant);
  }

  async signOut(): Promise<void> {
    this.#end();
    await fetch('/admin/session/', { method: 'DELETE', keepalive: true }).catch(() => undefined);
  }

  /** Enters a tenant as an operator. Its members will read the reason in their events. */
  async visit(tenant: string, asked: { reason?: string; role?: string }): Promise<void> {
    const path = `/api/admin/v1/tenants/${encodeURIComponent(tenant)}/token/`;
    const response = await this.send(path, { method: 'POST', json: asked });
    const grant = (await response.json()) as Omit<Grant, 'tenant'> & {
      tenant: TenantChoice & { role: string };
    };
    if (this.#state.name !== 'in') return;
    const until = Date.now() + grant.expires_in * 1000;
    this.#visitToken = { value: grant.access, renew: until };
    const visit = { tenant: grant.tenant, role: grant.tenant.role, reason: asked.reason ?? '', until };
    window.location.hash = '#/';
    this.#become({ name: 'in', identity: this.#state.identity, visit });
  }

  leave(notice?: string): void {
    this.#visitToken = undefined;
    if (this.#state.name !== 'in' || !this.#state.visit) return;
    window.location.hash = `#/tenants/${encodeURIComponent(this.#state.visit.tenant.id)}/show`;
    this.#become({ name: 'in', identity: this.#state.identity, notice });
  }

  /** Sends a request with the token that its path takes. What is no good answer is thrown as an ApiError. */
  async send(path: string, options: SendOptions = {}): Promise<Response> {
    let response = await this.#fetch(path, options);
    if (response.status === 401 && !this.#visits(path)) {
      await this.#renew();
      response = await this.#fetch(path, options);
    }
    if (response.ok || response.status === 304) return response;
    const error = await problemOf(response);
    this.#heed(path, error);
    throw error;
  }

  /** The headers of a request that send can't make, such as an upload that shows its progress. */
  async authorize(path: string): Promise<Record<string, string>> {
    const token = await this.#tokenFor(path);
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  #visits(path: string): boolean {
    return this.#visitToken !== undefined && planeOf(path) === 'tenant';
  }

  async #fetch(path: string, { json, headers, ...options }: SendOptions): Promise<Response> {
    const all = new Headers({ Accept: 'application/json', ...headers, ...(await this.authorize(path)) });
    if (json !== undefined) all.set('Content-Type', 'application/json');
    const body = json === undefined ? options.body : JSON.stringify(json);
    return fetch(path, { ...options, headers: all, body, credentials: 'omit', cache: 'no-store' });
  }

  async #tokenFor(path: string): Promise<string | undefined> {
    if (this.#visits(path)) return this.#visitToken?.value;
    if (this.#state.name === 'in' && isForeign(path, this.#state.identity.kind)) {
      // What is left of a page about a tenant after the operator has left it.
      throw new Error('This is no longer shown.');
    }
    if (this.#token && Date.now() >= this.#token.renew) await this.#renew();
    return this.#token?.value;
  }

  /** Ends the session, or the visit, where an answer says that it is over. */
  #heed(path: string, error: ApiError): void {
    const over = error.status === 401 || error.problem.code === 'tenant_suspended';
    if (!over || this.#state.name !== 'in') return;
    if (this.#visits(path)) {
      this.leave(error.status === 401 ? 'Your stay in the tenant is over.' : error.problem.detail);
    } else {
      this.#end(error.status === 401 ? 'Your session is over; sign in again.' : error.problem.detail);
    }
  }

  #end(notice?: string): void {
    this.#token = this.#visitToken = undefined;
    this.#become({ name: 'out', notice });
  }

  /** Exchanges the cookie for a new access token: once for all requests that wait for it. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#renewOnce().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renewOnce(): Promise<void> {
    let grant: Grant | undefined;
    try {
      grant = await this.#exchange();
    } catch (error) {
      if (isEnd(error))
        this.#end(error.status === 401 ? 'Your session is over; sign in again.' : error.problem.detail);
      throw error;
    }
    if (!grant) {
      this.#end('Your session is over; sign in again.');
      return;
    }
    if (this.#state.name === 'in' && !sameSession(this.#state.identity, grant)) {
      // Somebody else has signed in from another tab. What this one shows is not theirs.
      window.location.reload();
      return;
    }
    this.#keep(grant);
  }

  async #exchange(): Promise<Grant | undefined> {
    // One tab after the other: a refresh token that comes twice ends the session. keepalive lets the answer, with the
    // next cookie, arrive even when the page is reloaded meanwhile.
    const response = await alone(() => post('/admin/session/refresh/', {}));
    if (response.status === 204) return undefined;
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as Grant;
  }

  #keep(grant: Grant): void {
    this.#token = { value: grant.access, renew: Date.now() + grant.expires_in * 1000 - early };
  }

  async #enter(grant: Grant): Promise<void> {
    this.#keep(grant);
    const user = await this.#whoIs(grant);
    this.#become({
      name: 'in',
      identity: { kind: grant.kind, user, tenant: grant.tenant, role: grant.tenant?.role },
    });
  }

  async #whoIs(grant: Grant): Promise<Identity['user']> {
    if (grant.user) return grant.user;
    const response = await this.#fetch('/api/v1/me/', {});
    if (!response.ok) throw await problemOf(response);
    return ((await response.json()) as { user: Identity['user'] }).user;
  }
}

export interface SendOptions extends Omit<RequestInit, 'headers'> {
  json?: unknown;
  headers?: Record<string, string>;
}

function post(path: string, json: unknown): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(path, {
    method: 'POST',
    headers,
    body: JSON.stringify(json),
    keepalive: true,
    cache: 'no-store',
  });
}

/** Runs work while no other tab does. Where pages come without https, browsers have no locks. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined;
  return locks ? (locks.request('tenantry-session', work) as Promise<T>) : work();
}

function planeOf(path: string): Plane | undefined {
  if (path.startsWith('/api/admin/')) return 'platform';
  return path.startsWith('/api/v1/') ? 'tenant' : undefined;
}

/** Whether a path is of the plane whose tokens somebody of this kind has none of. */
function isForeign(path: string, kind: Kind): boolean {
  return planeOf(path) === (kind === 'operator' ? 'tenant' : 'platform');
}

function sameSession(identity: Identity, grant: Grant): boolean {
  return (
    identity.kind === grant.kind &&
    identity.tenant?.id === grant.tenant?.id &&
    identity.user.id === subjectOf(grant.access)
  );
}

/** The user that a token names. It is only shown, never trusted. */
function subjectOf(token: string): string {
  const [, payload = ''] = token.split('.');
  const text = atob(payload.replace(/-/g, '+').replace(/_/g, '/'));
  return (JSON.parse(text) as { sub: string }).sub;
}

function isEnd(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}

function textOf(error: unknown): string {
  return error instanceof ApiError
    ? error.message
    : 'The server can’t be reached. Reload the page to try again.';
}
