import { readFileSync } from 'node:fs';
import { isReady, nowNs, type StatusResponse, statusResponseSchema } from '@throughline/model';
import type { Store } from '@throughline/store';
import type { FastifyInstance } from 'fastify';
import type { IngestCounters } from '../receive/counters.ts';
import { encode } from './answers.ts';

export interface StatusOptions {
  version: string;
  store: Store;
  counters: IngestCounters;
  /** Filled in once everything listens. */
  endpoints: StatusResponse['endpoints'];
  warnings: readonly string[];
}

/** `GET /api/status`, `/healthz` (the process answers) and `/readyz` (it can take and return spans). */
export function statusRoutes(app: FastifyInstance, options: StatusOptions): void {
  const startedAt = nowNs();

  app.get('/api/status', async (_request, reply) => {
    const status = await readStatus(options, startedAt);
    return reply.type('application/json').send(encode(statusResponseSchema, status));
  });

  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    const { engine, journal } = await options.store.status();
    const ready = isReady({ engine, journal });
    const journalFull = journal.bytes >= journal.bytesMax;
    const body = { status: ready ? 'ready' : 'not ready', engine: engine.state, journalFull };
    return reply.code(ready ? 200 : 503).send(body);
  });
}

async function readStatus(options: StatusOptions, startedAt: bigint): Promise<StatusResponse> {
  const { journal, store, retention, engine } = await options.store.status();
  return {
    version: options.version,
    at: nowNs(),
    startedAt,
    endpoints: options.endpoints,
    warnings: [...options.warnings],
    ingest: options.counters.snapshot(),
    journal,
    store,
    retention,
    engine,
    memory: {
      serverBytes: process.memoryUsage.rss(),
      engineBytes: engine.pid === undefined ? 0 : residentBytes(engine.pid),
    },
  };
}

/** The resident memory of another process, where the system tells (Linux); else 0. */
function residentBytes(pid: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
