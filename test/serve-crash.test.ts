// Kills the server and its engine under load. Run alone: npx vitest run --project system serve-crash
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { traceResponseSchema } from '@throughline/model';
import { expect, test } from 'vitest';
import { ROOT } from './support/process.ts';
import { Sender, SPANS_PER_TRACE } from './support/sender.ts';
import {
  eventually,
  readStatus,
  type Serving,
  startServe,
  temporaryFolder,
} from './support/serve.ts';

const LOAD_MS = 3_000;
const ROUNDS = 2;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function allLoaded({ ui }: Serving): Promise<void> {
  await eventually('the journal is loaded', async () => {
    const { journal, engine } = await readStatus(ui);
    return engine.state === 'ready' && journal.bytes === 0;
  });
}

async function spansOf({ ui }: Serving, traceId: string): Promise<number> {
  const response = await fetch(`${ui}/api/traces/${traceId}?format=throughline`);
  if (!response.ok) return 0;
  return traceResponseSchema.parse(await response.json()).spans.length;
}

/** Rows per trace as they are on disk, read by an engine of its own while no server runs. */
function storedRows(dataDir: string): Map<string, number> {
  const script = join(ROOT, 'test', 'support', 'count-rows.ts');
  const text = execFileSync(process.execPath, [script, dataDir], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return new Map(JSON.parse(text));
}

test('a server killed with -9 under load has every acknowledged span exactly once after a restart', async () => {
  const dataDir = temporaryFolder();
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await startServe(dataDir);
    const sender = new Sender(server.otlpHttp);
    await pause(LOAD_MS);
    await server.stop('SIGKILL');
    await sender.stop();
    expect(sender.acknowledged.size).toBeGreaterThan(100);
    acknowledged.push(...sender.acknowledged);
  }

  const server = await startServe(dataDir);
  await allLoaded(server);
  for (const traceId of acknowledged.slice(-20)) {
    expect(await spansOf(server, traceId)).toBe(SPANS_PER_TRACE);
  }
  await server.stop('SIGTERM');

  const rows = storedRows(dataDir);
  expect(acknowledged.filter((id) => rows.get(id) !== SPANS_PER_TRACE)).toEqual([]);
  // Sent but not acknowledged may be there, once; nothing is ever there twice.
  expect([...rows.values()].filter((count) => count !== SPANS_PER_TRACE)).toEqual([]);
});

test('an engine that is killed comes back; receivers keep acknowledging and nothing is lost', async () => {
  const dataDir = temporaryFolder();
  const server = await startServe(dataDir);
  const sender = new Sender(server.otlpHttp);
  await pause(LOAD_MS / 2);
  const { engine } = await readStatus(server.ui);
  if (engine.pid === undefined) throw new Error('the engine has no process');
  process.kill(engine.pid, 'SIGKILL');
  const before = sender.acknowledged.size;
  await pause(LOAD_MS / 2);
  await sender.stop();
  expect(sender.acknowledged.size).toBeGreaterThan(before);
  expect([...sender.refused]).toEqual([]);

  await allLoaded(server);
  expect((await readStatus(server.ui)).engine.restarts).toBeGreaterThanOrEqual(1);
  await server.stop('SIGTERM');
  const rows = storedRows(dataDir);
  expect([...sender.acknowledged].filter((id) => rows.get(id) !== SPANS_PER_TRACE)).toEqual([]);
});
