import { createContext, useContext } from 'react';
import type { Provider } from './data/provider';
import { atLeast } from './document/role';
import type { Access, Catalog, Plane, Resource } from './document/resource';

/** What the interface is built from at the moment, and for whom. */
export interface Built {
  plane: Plane;
  catalog: Catalog;
  provider: Provider;
  /** The caller's role in the tenant; operators have none on the platform, and need none. */
  role?: string;
}

const BuiltContext = createContext<Built | undefined>(undefined);

export const BuiltProvider = BuiltContext.Provider;

export function useBuilt(): Built {
  const built = useContext(BuiltContext);
  if (!built) throw new Error('There is no catalog around this component.');
  return built;
}

export function useResource(name: string): Resource {
  return useBuilt().provider.resource(name);
}

/** Whether there is an operation, and the caller's role is enough for it. */
export function useMay(): (access: Access | undefined) => boolean {
  const { role } = useBuilt();
  return (access) => mayDo(role, access);
}

export function mayDo(role: string | undefined, access: Access | undefined): boolean {
  return access !== undefined && atLeast(role, access.role);
}
