import { deepmerge } from '@mui/utils';
import { QueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Admin, CustomRoutes, defaultDarkTheme, defaultLightTheme, memoryStore, Resource } from 'react-admin';
import { Route } from 'react-router-dom';
import { ApiError } from './api/problem';
import { BuiltProvider, mayDo, type Built } from './catalog';
import { Provider } from './data/provider';
import type { Document } from './document/openapi';
import { catalogOf, type Catalog } from './document/resource';
import { represent } from './fields/represent';
import type { Colors } from './layout/colors';
import { iconOf } from './layout/icon';
import { Shell } from './layout/shell';
import { CreateScreen } from './screens/create';
import { EditScreen } from './screens/edit';
import { Home } from './screens/home';
import { ListScreen } from './screens/list';
import { ReportScreen } from './screens/report';
import { ShowScreen } from './screens/show';
import { SingleScreen } from './screens/single';
import { useSession } from './session/context';
import type { State } from './session/session';

interface Props {
  document: Document;
  state: Extract<State, { name: 'in' }>;
  colors: Colors;
}

/** The interface of whoever is signed in. Whoever comes next, or goes elsewhere, finds nothing of what was loaded for another. */
export default function SignedIn({ document, state, colors }: Props) {
  const { identity, visit } = state;
  const tenant = visit?.tenant.id ?? identity.tenant?.id;
  return (
    <Interface
      key={`${identity.user.id} ${tenant ?? ''}`}
      document={document}
      state={state}
      colors={colors}
    />
  );
}

function Interface({ document, state, colors }: Props) {
  const session = useSession();
  const plane = state.identity.kind === 'operator' && !state.visit ? 'platform' : 'tenant';
  const role = state.visit?.role ?? state.identity.role;
  const built = useMemo<Built>(() => {
    const catalog = allowed(catalogOf(document, plane), role);
    return { plane, role, catalog, provider: new Provider(session, catalog) };
  }, [document, plane, role, session]);
  const queries = useMemo(newQueries, []);
  const store = useMemo(() => memoryStore(), []);
  const theme = useMemo(() => themeFor(colors), [colors]);
  return (
    <BuiltProvider value={built}>
      <Admin
        dataProvider={built.provider.forReactAdmin()}
        queryClient={queries}
        store={store}
        theme={theme}
        darkTheme={null}
        layout={Shell}
        dashboard={Home}
        title=""
        disableTelemetry
      >
        {built.catalog.resources.map((resource) => (
          <Resource
            key={resource.name}
            name={resource.name}
            icon={iconOf(resource)}
            options={{ label: resource.label }}
            recordRepresentation={(record) => represent(resource, record)}
            list={resource.parent ? undefined : ListScreen}
            show={resource.get ? ShowScreen : undefined}
            edit={mayDo(role, resource.edit) ? EditScreen : undefined}
            create={mayDo(role, resource.create) ? CreateScreen : undefined}
          />
        ))}
        <CustomRoutes>
          <Route path="/report/:resource/:report" element={<ReportScreen />} />
          <Route path="/single/:name" element={<SingleScreen />} />
        </CustomRoutes>
      </Admin>
    </BuiltProvider>
  );
}

/** The part of the catalog that the caller may see. */
function allowed(catalog: Catalog, role: string | undefined): Catalog {
  return {
    resources: catalog.resources.filter((resource) => mayDo(role, resource.list)),
    singles: catalog.singles.filter((single) => mayDo(role, single.get)),
  };
}

function newQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Requests are counted: what was read a moment ago is shown again, and a refusal is not asked for twice.
        staleTime: 5_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && !(error instanceof ApiError),
      },
    },
  });
}

function themeFor({ mode, theme }: Colors) {
  const base = mode === 'dark' ? defaultDarkTheme : defaultLightTheme;
  const inputs = { defaultProps: { variant: 'outlined' as const } };
  return deepmerge(base, {
    palette: theme.palette,
    typography: pick(theme.typography, ['fontFamily', 'h5', 'h6', 'button']),
    shape: { borderRadius: 8 },
    components: {
      ...theme.components,
      MuiTextField: inputs,
      MuiFormControl: inputs,
      // On a phone it would be a band of another colour.
      RaTopToolbar: { styleOverrides: { root: { '&&': { background: 'none' } } } },
      RaListToolbar: { styleOverrides: { root: { '&&': { background: 'none' } } } },
      RaToolbar: { styleOverrides: { root: { background: 'none' } } },
    },
  });
}

function pick<T extends object, K extends keyof T>(from: T, names: K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
