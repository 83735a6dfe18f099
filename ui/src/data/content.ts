import type { RaRecord } from 'react-admin';
import { ApiError, problemOf } from '../api/problem';
import type { Resource } from '../document/resource';
import type { Session } from '../session/session';
import { itemPath } from './query';
import { save } from './save';

function contentPath(resource: Resource, record: RaRecord): string {
  return `${itemPath(resource, String(record.id))}content/`;
}

/** Stores a file as it is. fetch can't say how far it is, so this is the older way to send a request. */
export async function uploadContent(
  session: Session,
  resource: Resource,
  record: RaRecord,
  file: File,
  progress: (share: number) => void,
): Promise<void> {
  const path = contentPath(resource, record);
  const headers = await session.authorize(path);
  const request = new XMLHttpRequest();
  request.open('PUT', path);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
  request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
  progress(0);
  await new Promise<void>((resolve, reject) => {
    request.onload = () => resolve();
    request.onerror = () => reject(new Error('The upload was cut off. Try again.'));
    request.send(file);
  });
  if (request.status >= 300) throw await errorOf(request);
}

async function errorOf(request: XMLHttpRequest): Promise<ApiError> {
  const headers = { 'Content-Type': request.getResponseHeader('Content-Type') ?? '' };
  return problemOf(new Response(request.responseText, { status: request.status, headers }));
}

export async function downloadContent(session: Session, resource: Resource, record: RaRecord): Promise<void> {
  const response = await session.send(contentPath(resource, record), { headers: { Accept: '*/*' } });
  const name = resource.content?.fields.name;
  const fallback = String((name && record[name]) || 'download');
  save(await response.blob(), nameIn(response.headers.get('Content-Disposition')) ?? fallback);
}

export async function deleteContent(session: Session, resource: Resource, record: RaRecord): Promise<void> {
  await session.send(contentPath(resource, record), { method: 'DELETE' });
}

/** The name that a Content-Disposition gives a file (RFC 6266), the one in UTF-8 before the plain one. */
export function nameIn(disposition: string | null): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="((?:[^"\\]|\\.)*)"/.exec(disposition ?? '')?.[1]?.replace(/\\(.)/g, '$1');
}
