import { useState } from 'react';
import {
  Edit,
  SaveButton,
  SimpleForm,
  Toolbar,
  useNotify,
  useRecordContext,
  useRedirect,
  useResourceContext,
  type RaRecord,
} from 'react-admin';
import { isProblem } from '../api/problem';
import { useResource } from '../catalog';
import { cleaned, type Values } from '../data/patch';
import type { Resource } from '../document/resource';
import { represent } from '../fields/represent';
import { Conflict } from './conflict';
import { FieldInputs } from './form';

/** Changes a record. Who was faster is asked about, never overwritten. */
export function EditScreen() {
  const resource = useResource(useResourceContext() ?? '');
  const [mine, setMine] = useState<Values>();
  const notify = useNotify();
  const redirect = useRedirect();
  const fields = resource.fields.filter((field) => field.edit || (field.create && field.shown));

  function saved(record: RaRecord) {
    notify(`${resource.singular} saved`, { type: 'success' });
    redirect('show', resource.name, record.id, record);
  }

  function refused(error: unknown, { data }: { data?: Values }) {
    if (isProblem(error, 'precondition_failed')) return setMine(cleaned(resource.fields, data ?? {}));
    const atFields = Object.keys((error as { body?: { errors?: object } }).body?.errors ?? {}).length > 0;
    if (!atFields) notify(error instanceof Error ? error.message : String(error), { type: 'error' });
  }

  return (
    <Edit
      mutationMode="pessimistic"
      mutationOptions={{ onSuccess: saved, onError: refused }}
      queryOptions={{ staleTime: 0, refetchOnReconnect: false }}
      title={<EditTitle resource={resource} />}
      actions={false}
      sx={{ maxWidth: 900 }}
    >
      <SimpleForm warnWhenUnsavedChanges toolbar={<SaveBar />}>
        <FieldInputs
          fields={fields}
          needed={(field) => needed(field.kind) && !field.nullable && (field.create?.required ?? false)}
          fixed={(field) => !field.edit}
        />
      </SimpleForm>
      {mine && <Conflict resource={resource} mine={mine} close={() => setMine(undefined)} saved={saved} />}
    </Edit>
  );
}

/** A secret is given to change it, and left out to keep it. */
function needed(kind: string): boolean {
  return kind !== 'secret';
}

function EditTitle({ resource }: { resource: Resource }) {
  const record = useRecordContext();
  return <>{`Edit ${resource.singular.toLowerCase()}: ${represent(resource, record)}`}</>;
}

function SaveBar() {
  return (
    <Toolbar>
      <SaveButton />
    </Toolbar>
  );
}
