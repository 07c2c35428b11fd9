import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { errorResponseSchema, ThroughlineError } from '@throughline/model';
import type { Backup } from '@throughline/server';

/**
 * Asks a running server for a backup.
 *
 * @throws ThroughlineError `TL_BACKUP_FAILED` when none answers; else what the server says
 */
export async function requestBackup(url: string, token: string | undefined): Promise<Backup> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let response: Response;
  try {
    response = await fetch(new URL('/api/backup', url), { method: 'POST', headers });
  } catch (cause) {
    throw new ThroughlineError('TL_BACKUP_FAILED', `no server answers at ${url}`, {
      hint: 'Name it with --url.',
      cause,
    });
  }
  if (!response.ok || !response.body) throw await refusalOf(response);
  return {
    stream: Readable.fromWeb(response.body as ReadableStream),
    spans: Number(response.headers.get('throughline-spans')),
    bytes: Number(response.headers.get('throughline-bytes')),
  };
}

async function refusalOf(response: Response): Promise<ThroughlineError> {
  const answer = errorResponseSchema.safeParse(await response.json().catch(() => undefined));
  if (!answer.success) {
    return new ThroughlineError('TL_BACKUP_FAILED', `the server answers ${response.status}`);
  }
  const { code, message, hint } = answer.data.error;
  return new ThroughlineError(code, message, hint === undefined ? {} : { hint });
}
