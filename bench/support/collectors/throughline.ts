import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from '../../../packages/store/src/engine/engine.ts';
import { startServer } from '../server.ts';
import type { Collector, StoredBytes } from './collector.ts';

const POLL_MS = 50;
const ENGINE_MEMORY_BYTES_MAX = 2 * 1024 ** 3;
const TABLES_SQL =
  'SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table';

/** `throughline serve` with its defaults, on so much disk that it prunes nothing. */
export async function startThroughline(): Promise<Collector> {
  const server = await startServer(['serve', '--max-disk', '100GB']);
  const { engine } = await server.status();
  return {
    name: 'throughline',
    otlpHttp: server.otlpHttp,
    otlpGrpc: server.otlpGrpc ?? '',
    pids: { server: server.pid, engine: engine.pid ?? 0 },
    async spansOfTrace(traceId) {
      const response = await fetch(`${server.ui}/api/traces/${traceId}`);
      const body = (await response.json()) as { data: { spans: unknown[] }[] };
      return body.data[0]?.spans.length ?? 0;
    },
    async stored() {
      while ((await server.status()).journal.bytes > 0) await delay(POLL_MS);
    },
    async storedSpans() {
      return (await server.status()).store.spansLoaded;
    },
    async close() {
      await server.stop();
      const stored = await storedIn(server.folder);
      await server.close();
      return stored;
    },
  };
}

/**
 * What is stored in a data directory whose server is stopped. Asks an engine of our own: only it knows
 * which files are still of use.
 */
export async function storedIn(dataDir: string): Promise<StoredBytes> {
  const engine = new Engine({
    path: join(dataDir, 'clickhouse'),
    memoryBytesMax: ENGINE_MEMORY_BYTES_MAX,
    onWarning: () => undefined,
  });
  await engine.start();
  try {
    const rows = await engine.rows<{ table: string; bytes: string }>(TABLES_SQL, {});
    const tables = Object.fromEntries(rows.map(({ table, bytes }) => [table, Number(bytes)]));
    return { bytes: Object.values(tables).reduce((a, b) => a + b, 0), tables };
  } finally {
    await engine.stop();
  }
}
