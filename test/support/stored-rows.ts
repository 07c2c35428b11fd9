import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './process.ts';
import { ROWS_PER_TRACE } from './sender.ts';

/** Of a trace: spans, links, ids, boundaries, and rows that its spans do not imply. */
type Rows = readonly number[];

/**
 * Of every trace the rows in each table, read by an engine of its own while no server runs.
 *
 * @param prefix what runs the engine, when its files are seen from elsewhere only (small-disk.ts)
 */
export function storedRows(dataDir: string, prefix: readonly string[] = []): Map<string, Rows> {
  const script = join(ROOT, 'test', 'support', 'count-rows.ts');
  const [program = '', ...args] = [...prefix, process.execPath, script, dataDir];
  const text = execFileSync(program, args, { encoding: 'utf8', maxBuffer: 256 * 1024 ** 2 });
  const rows: [string, ...number[]][] = JSON.parse(text);
  return new Map(rows.map(([id, ...counts]) => [id, counts]));
}

/** The first few traces that are not whole, or of which something is there twice, or wrong. */
export function defective(rows: ReadonlyMap<string, Rows>, traceIds: Iterable<string>): string[] {
  const { spans, links, ids, boundaries } = ROWS_PER_TRACE;
  const whole = [spans, links, ids, boundaries, 0].join();
  return [...traceIds]
    .filter((id) => rows.get(id)?.join() !== whole)
    .slice(0, 20)
    .map((id) => `${id}: ${rows.get(id)}`);
}
