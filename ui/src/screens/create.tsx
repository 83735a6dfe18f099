import { useState } from 'react';
import {
  Create,
  SaveButton,
  SimpleForm,
  Toolbar,
  useNotify,
  useRedirect,
  useResourceContext,
  type RaRecord,
} from 'react-admin';
import { useResource } from '../catalog';
import { onceKey } from '../data/provider';
import { FieldInputs, initialValues } from './form';
import { Once } from './once';

/** A new record. */
export function CreateScreen() {
  const resource = useResource(useResourceContext() ?? '');
  const [made, setMade] = useState<RaRecord>();
  const notify = useNotify();
  const redirect = useRedirect();
  const fields = resource.fields.filter((field) => field.create);

  function created(record: RaRecord) {
    if (record[onceKey]) return setMade(record);
    notify(`${resource.singular} created`, { type: 'success' });
    leave(record);
  }

  function leave(record: RaRecord) {
    if (resource.get) redirect('show', resource.name, record.id, record);
    else redirect('list', resource.name);
  }

  return (
    <Create
      mutationOptions={{ onSuccess: created }}
      title={`Create ${resource.singular.toLowerCase()}`}
      sx={{ maxWidth: 900 }}
    >
      <SimpleForm
        warnWhenUnsavedChanges
        defaultValues={initialValues(fields)}
        toolbar={
          <Toolbar>
            <SaveButton alwaysEnable />
          </Toolbar>
        }
      >
        <FieldInputs fields={fields} needed={(field) => field.create?.required ?? false} />
      </SimpleForm>
      {made && <Once record={made} close={() => leave(made)} />}
    </Create>
  );
}
