import type { Store } from '@throughline/store';
import type { FastifyInstance } from 'fastify';

/** An archive of many gigabytes over a slow line; a line without a byte is closed long before. */
const ARCHIVE_TIMEOUT_MS = 24 * 3_600_000;

/** `POST /api/backup`: everything that is stored, as a tar archive. It is written nowhere here. */
export function backupRoutes(app: FastifyInstance, store: Store): void {
  app.post('/api/backup', { handlerTimeout: ARCHIVE_TIMEOUT_MS }, async (_request, reply) => {
    const { stream, spans, bytes } = await store.backup();
    return reply
      .type('application/x-tar')
      .header('throughline-spans', spans)
      .header('throughline-bytes', bytes)
      .send(stream);
  });
}
