import Delete from '@mui/icons-material/DeleteOutlined';
import Download from '@mui/icons-material/DownloadOutlined';
import Upload from '@mui/icons-material/UploadFileOutlined';
import { Alert, Box, Button, Card, CardContent, LinearProgress, Stack, Typography } from '@mui/material';
import { useRef, useState, type DragEvent } from 'react';
import { Confirm, useNotify, useRecordContext, useRefresh } from 'react-admin';
import { useBuilt, useMay } from '../catalog';
import { deleteContent, downloadContent, uploadContent } from '../data/content';
import type { Resource } from '../document/resource';
import { bytes, textOf } from '../fields/represent';

/** The file of a record. */
export function ContentCard({ resource }: { resource: Resource }) {
  const { provider } = useBuilt();
  const record = useRecordContext();
  const may = useMay();
  const notify = useNotify();
  const refresh = useRefresh();
  const [progress, setProgress] = useState<number>();
  const [failure, setFailure] = useState<string>();
  const [asking, setAsking] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const content = resource.content;
  if (!content || !record) return null;
  const { checksum, size } = content.fields;
  const stored = record[checksum] !== null && record[checksum] !== undefined;
  const mayUpload = may(content.upload);

  async function run(work: () => Promise<void>, done?: string) {
    setFailure(undefined);
    try {
      await work();
      if (done) {
        notify(done, { type: 'success' });
        refresh();
      }
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setProgress(undefined);
    }
  }

  const upload = (file: File | undefined) =>
    file &&
    record &&
    run(() => uploadContent(provider.session, resource, record, file, setProgress), 'File stored');

  function drop(event: DragEvent) {
    event.preventDefault();
    if (mayUpload) void upload(event.dataTransfer.files[0]);
  }

  return (
    <Card component="section" aria-label="File" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <CardContent>
        <Typography variant="h6" component="h3" gutterBottom>
          File
        </Typography>
        {failure && (
          <Alert severity="error" sx={{ mb: 1 }}>
            {failure}
          </Alert>
        )}
        <Typography sx={{ color: 'text.secondary', mb: 1.5 }}>
          {stored
            ? `A file is stored${size ? `: ${bytes(Number(record[size]))}` : ''}, ${textOf(record[content.fields.type ?? ''])}`
            : 'There is no file yet.'}
          {mayUpload && ' Drop one here, or choose it.'}
        </Typography>
        <Stack direction="row" spacing={1} useFlexGap sx={{ flexWrap: 'wrap' }}>
          {stored && (
            <Button
              startIcon={<Download />}
              variant="outlined"
              onClick={() => void run(() => downloadContent(provider.session, resource, record))}
            >
              Download
            </Button>
          )}
          {mayUpload && (
            <Button
              startIcon={<Upload />}
              variant="outlined"
              disabled={progress !== undefined}
              onClick={() => picker.current?.click()}
            >
              {stored ? 'Replace' : 'Upload'}
            </Button>
          )}
          {stored && may(content.remove) && (
            <Button startIcon={<Delete />} color="error" onClick={() => setAsking(true)}>
              Remove
            </Button>
          )}
        </Stack>
        <input
          ref={picker}
          type="file"
          hidden
          aria-label="File to upload"
          onChange={(event) => {
            void upload(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
        {progress !== undefined && (
          <Box sx={{ mt: 2 }}>
            <LinearProgress variant="determinate" value={progress * 100} aria-label="Upload" />
          </Box>
        )}
        <Confirm
          isOpen={asking}
          title="Remove the file?"
          content="The record stays. The file can’t be brought back."
          onConfirm={() => {
            setAsking(false);
            void run(() => deleteContent(provider.session, resource, record), 'File removed');
          }}
          onClose={() => setAsking(false)}
        />
      </CardContent>
    </Card>
  );
}
