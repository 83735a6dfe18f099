import { Alert, Box, Card, LinearProgress } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  RecordContextProvider,
  SaveContextProvider,
  SaveButton,
  SimpleForm,
  Title,
  Toolbar,
  useNotify,
  type RaRecord,
} from 'react-admin';
import { useParams } from 'react-router-dom';
import { ApiError, isProblem } from '../api/problem';
import { useBuilt, useMay } from '../catalog';
import { changes, cleaned, patchBody, type Values } from '../data/patch';
import type { Single } from '../document/resource';
import { Plain } from '../fields/value';
import { FieldInputs } from './form';
import { Heading } from './heading';

/** Something that there is once, such as the tenant's settings. */
export function SingleScreen() {
  const { name } = useParams();
  const { catalog, provider } = useBuilt();
  const single = catalog.singles.find((one) => one.name === name);
  const { data, error } = useQuery({
    queryKey: ['single', name],
    queryFn: async () => {
      const response = await provider.session.send(single?.path ?? '');
      return { record: (await response.json()) as RaRecord, etag: response.headers.get('ETag') };
    },
    enabled: single !== undefined,
  });
  if (!single) return <Alert severity="error">There is no such page.</Alert>;
  return (
    <Box sx={{ mt: 1, maxWidth: 900 }}>
      <Title title={single.label} />
      <Heading text={single.label} />
      {error && <Alert severity="error">{error.message}</Alert>}
      {data ? (
        <SingleForm single={single} record={data.record} etag={data.etag} />
      ) : (
        !error && <LinearProgress />
      )}
    </Box>
  );
}

function SingleForm({ single, record, etag }: { single: Single; record: RaRecord; etag: string | null }) {
  const { provider } = useBuilt();
  const may = useMay();
  const notify = useNotify();
  const queries = useQueryClient();
  const [saving, setSaving] = useState(false);
  const fields = single.fields.filter((field) => field.edit);
  const others = single.fields.filter((field) => field.shown && !field.edit);

  async function save(values: Values) {
    const changed = changes(fields, record, cleaned(fields, values));
    if (Object.keys(changed).length === 0) return undefined;
    setSaving(true);
    try {
      const headers: Record<string, string> = etag ? { 'If-Match': etag } : {};
      await provider.session.send(single.path, {
        method: 'PATCH',
        json: patchBody(record, changed) ?? changed,
        headers,
      });
      notify('Saved', { type: 'success' });
      await queries.invalidateQueries({ queryKey: ['single', single.name] });
    } catch (error) {
      const atFields = error instanceof ApiError && error.body.errors;
      if (atFields) return atFields;
      const text = isProblem(error, 'precondition_failed')
        ? 'Somebody else has changed this meanwhile. Reload the page to see it.'
        : String((error as Error).message);
      notify(text, { type: 'error' });
    } finally {
      setSaving(false);
    }
    return undefined;
  }

  return (
    <RecordContextProvider value={record}>
      <Card sx={{ mb: 2, p: 2 }}>
        <Box
          component="dl"
          sx={{ m: 0, display: 'grid', gridTemplateColumns: 'max-content 1fr', gap: 1, columnGap: 3 }}
        >
          {others.map((field) => (
            <Box key={field.name} sx={{ display: 'contents' }}>
              <Box component="dt" sx={{ color: 'text.secondary' }}>
                {field.label}
              </Box>
              <Box component="dd" sx={{ m: 0 }}>
                <Plain field={field} value={record[field.name]} />
              </Box>
            </Box>
          ))}
        </Box>
      </Card>
      <Card>
        <SaveContextProvider value={{ save, saving }}>
          <SimpleForm
            toolbar={
              may(single.edit) ? (
                <Toolbar>
                  <SaveButton alwaysEnable={false} />
                </Toolbar>
              ) : (
                false
              )
            }
          >
            <FieldInputs
              fields={fields}
              needed={(field) => !field.nullable && field.kind === 'text'}
              fixed={() => !may(single.edit)}
            />
          </SimpleForm>
        </SaveContextProvider>
      </Card>
    </RecordContextProvider>
  );
}
