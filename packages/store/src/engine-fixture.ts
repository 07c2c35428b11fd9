import { join } from 'node:path';
import { Engine } from './engine/engine.ts';

/**
 * How many rows of `spans` repeat another, counted in the table itself, below the reads, which
 * return a span once even where it is stored twice. For tests; the store has to be closed.
 */
export async function countRepeatedSpans(dataDir: string): Promise<number> {
  const engine = new Engine({
    path: join(dataDir, 'clickhouse'),
    memoryBytesMax: 1024 ** 3,
    onWarning: () => undefined,
  });
  await engine.start();
  try {
    const [row] = await engine.rows<{ repeated: string }>(
      'SELECT count() - uniqExact(trace_id, span_id) AS repeated FROM spans',
      {},
    );
    return Number(row?.repeated);
  } finally {
    await engine.stop();
  }
}
