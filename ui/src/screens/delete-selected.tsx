import Delete from '@mui/icons-material/DeleteOutlined';
import { useState } from 'react';
import { Confirm, useListContext, useNotify, useRefresh, useUnselectAll } from 'react-admin';
import { useBuilt } from '../catalog';
import type { Resource } from '../document/resource';
import { ToolButton } from '../layout/tool-button';

/** Deletes the chosen records, one after the other, and says which of them are left. */
export function DeleteSelectedButton({ resource }: { resource: Resource }) {
  const { provider } = useBuilt();
  const { selectedIds = [] } = useListContext();
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState<number>();
  const notify = useNotify();
  const refresh = useRefresh();
  const unselect = useUnselectAll(resource.name);
  const what = selectedIds.length === 1 ? resource.singular.toLowerCase() : resource.label.toLowerCase();

  async function remove() {
    const failures: string[] = [];
    for (const [i, id] of selectedIds.entries()) {
      setDone(i);
      await provider
        .delete(resource.name, { id })
        .catch((error: unknown) => failures.push(error instanceof Error ? error.message : String(error)));
    }
    setDone(undefined);
    setAsking(false);
    const gone = selectedIds.length - failures.length;
    if (failures.length > 0)
      notify(`${gone} of ${selectedIds.length} were deleted. ${failures[0]}`, { type: 'error' });
    else notify(`${gone} ${what} deleted`, { type: 'success' });
    unselect();
    refresh();
  }

  return (
    <>
      <ToolButton color="error" startIcon={<Delete />} onClick={() => setAsking(true)}>
        Delete
      </ToolButton>
      <Confirm
        isOpen={asking}
        loading={done !== undefined}
        title={`Delete ${selectedIds.length} ${what}?`}
        content={
          done === undefined
            ? 'This can’t be undone. What belongs to them may be deleted as well.'
            : `${done} of ${selectedIds.length} …`
        }
        onConfirm={() => void remove()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
