import Download from '@mui/icons-material/DownloadOutlined';
import { useRef, useState } from 'react';
import { useListContext, useNotify } from 'react-admin';
import { useBuilt } from '../catalog';
import { csvHead, csvLine } from '../data/csv';
import { save } from '../data/save';
import type { Resource } from '../document/resource';
import { ToolButton } from '../layout/tool-button';

/** More records than this are for a program to fetch. */
const most = 50_000;

/** Writes all records of the list, as it is filtered and sorted now, into a CSV file. */
export function ExportButton({ resource }: { resource: Resource }) {
  const { provider } = useBuilt();
  const { filterValues, sort } = useListContext();
  const [written, setWritten] = useState<number>();
  const stop = useRef<AbortController>(undefined);
  const notify = useNotify();

  async function run() {
    const fields = resource.fields.filter((field) => field.shown);
    const parts = [csvHead(fields)];
    stop.current = new AbortController();
    setWritten(0);
    try {
      const pages = provider.all(resource.name, { filter: filterValues, sort, signal: stop.current.signal });
      for await (const page of pages) {
        parts.push(...page.map((record) => csvLine(fields, record)));
        setWritten(parts.length - 1);
        if (parts.length > most) {
          notify(`The file has the first ${most.toLocaleString()} records.`, { type: 'warning' });
          break;
        }
      }
      save(new Blob(parts, { type: 'text/csv;charset=utf-8' }), `${resource.name}.csv`);
    } catch (error) {
      if (!stop.current.signal.aborted)
        notify(error instanceof Error ? error.message : String(error), { type: 'error' });
    } finally {
      setWritten(undefined);
    }
  }

  const running = written !== undefined;
  return (
    <ToolButton startIcon={<Download />} onClick={() => (running ? stop.current?.abort() : void run())}>
      {running ? `Stop (${written.toLocaleString()})` : 'Export'}
    </ToolButton>
  );
}
