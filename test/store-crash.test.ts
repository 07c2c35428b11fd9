import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { countRepeatedSpans } from '../packages/store/src/engine-fixture.ts';
import { openStore } from '../packages/store/src/index.ts';

/** A whole server process dies. Run alone: `npx vitest run --project system test/store-crash`. */

const ROUNDS = 3;

/**
 * Runs the appender for a moment, kills it with -9, and returns the trace ids that it had acked.
 */
async function crash(dataDir: string): Promise<string[]> {
  const appender = join(import.meta.dirname, 'store-crash-appender.ts');
  const child = spawn(process.execPath, [appender, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await expect.poll(() => output.length, { timeout: 30_000 }).toBeGreaterThan(0);
  await delay(300 + Math.random() * 700);
  child.kill('SIGKILL');
  await once(child, 'close');
  return output.slice(0, output.lastIndexOf('\n')).split('\n');
}

test('a server that is killed keeps every acknowledged span, exactly once', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'store-crash-'));
  const acked: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) acked.push(...(await crash(dataDir)));
  const store = await openStore({ dataDir });
  try {
    await store.settled(60_000);
    for (let from = 0; from < acked.length; from += 1_000) {
      const ids = acked.slice(from, from + 1_000);
      const { spans } = await store.reads.spansOfTraces(ids, 2_000);
      expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(ids));
    }
  } finally {
    await store.close();
  }
  expect(await countRepeatedSpans(dataDir)).toBe(0);
  rmSync(dataDir, { recursive: true, force: true });
});
