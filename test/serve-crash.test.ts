// Kills the server, its engine and both under load. Run alone: npx vitest run --project system serve-crash
// A run's seed is printed; CRASH_SEED=... draws the same victims and moments again.
import { setTimeout as delay } from 'node:timers/promises';
import { traceResponseSchema } from '@throughline/model';
import { expect, onTestFinished, test } from 'vitest';
import { seededRandom } from '../packages/server/src/lifecycle/testing/random.ts';
import { ROWS_PER_TRACE, Sender } from './support/sender.ts';
import {
  eventually,
  readStatus,
  type Serving,
  startServe,
  startServing,
  temporaryFolder,
} from './support/serve.ts';
import { defective, storedRows } from './support/stored-rows.ts';

const ROUNDS = 50;
const LOAD_MS = { min: 100, max: 1_000 };
/** Where senders turn while no server runs: its port may be another's by now. */
const NOWHERE = 'nowhere:';
const VICTIMS = ['server', 'engine', 'engine, then server', 'server, then engine'] as const;

async function visible({ ui }: Serving, traceId: string): Promise<boolean> {
  const response = await fetch(`${ui}/api/traces/${traceId}?format=throughline`);
  if (!response.ok) return false;
  const { spans } = traceResponseSchema.parse(await response.json());
  expect(spans).toHaveLength(ROWS_PER_TRACE.spans);
  return true;
}

async function allLoaded({ ui }: Serving): Promise<void> {
  await eventually('the journal is loaded', async () => {
    const { journal, engine } = await readStatus(ui);
    return engine.state === 'ready' && journal.bytes === 0;
  });
}

async function engineOf({ ui }: Serving): Promise<number> {
  let pid: number | undefined;
  await eventually('the engine runs', async () => {
    ({ pid } = (await readStatus(ui)).engine);
    return pid !== undefined;
  });
  return pid ?? 0;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The engine ends by itself when its server does, and was faster.
  }
}

test('whatever is killed with -9, every acknowledged span is there exactly once', async () => {
  const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
  process.stdout.write(`CRASH_SEED=${seed}\n`);
  const random = seededRandom(seed);
  const dataDir = temporaryFolder();
  let server = await startServing(dataDir);
  onTestFinished(async () => {
    await server.stop('SIGKILL');
  });
  const senders = [
    new Sender(server.otlpHttp, { encoding: 'json', connections: 2 }),
    new Sender(server.otlpHttp, { encoding: 'proto', connections: 3 }),
  ];

  const killServer = async (): Promise<void> => {
    await server.stop('SIGKILL');
    for (const sender of senders) sender.moveTo(NOWHERE);
  };

  for (let round = 0; round < ROUNDS; round += 1) {
    const victim = VICTIMS[random.integer(0, VICTIMS.length - 1)] ?? 'server';
    const engine = await engineOf(server);
    await delay(random.integer(LOAD_MS.min, LOAD_MS.max));
    const witnesses = senders.flatMap(({ acknowledged }) => [...acknowledged].slice(-1));
    for (const process of victim.split(', then ')) {
      if (process === 'engine') kill(engine);
      else await killServer();
      await delay(random.integer(0, 20));
    }
    if (victim.includes('server')) {
      // Either survives what happens here; only a loss of power tells them apart.
      const durability = random.chance(0.5) ? 'fsync' : 'os';
      server = await startServing(dataDir, ['serve', '--durability', durability]);
      for (const sender of senders) sender.moveTo(server.otlpHttp);
    }
    for (const witness of witnesses) {
      await eventually(`round ${round}, ${victim}: ${witness} is there`, () =>
        visible(server, witness),
      );
    }
  }
  await Promise.all(senders.map((sender) => sender.stop()));
  await allLoaded(server);
  expect((await readStatus(server.ui)).store.recordsQuarantined).toBe(0);
  await server.stop('SIGTERM');

  const rows = storedRows(dataDir);
  for (const { acknowledged, refused } of senders) {
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * 10);
    expect(defective(rows, acknowledged)).toEqual([]);
    // Nothing but broken connections: receivers go on while the engine is away.
    expect([...refused.keys()].filter((status) => status !== 0)).toEqual([]);
  }
  // Sent but not acknowledged may be there, once.
  expect(defective(rows, rows.keys())).toEqual([]);
}, 900_000);

test('an engine that is killed comes back, and receivers go on acknowledging meanwhile', async () => {
  const server = await startServe(temporaryFolder());
  const sender = new Sender(server.otlpHttp, { encoding: 'proto', connections: 4 });
  await eventually('spans are acknowledged', async () => sender.acknowledged.size > 100);
  kill(await engineOf(server));
  const before = sender.acknowledged.size;
  await eventually('the engine is away or back', async () => {
    const { engine } = await readStatus(server.ui);
    return engine.state !== 'ready' || engine.restarts > 0;
  });
  await eventually('more are acknowledged', async () => sender.acknowledged.size > before + 100);
  await sender.stop();
  await allLoaded(server);
  expect((await readStatus(server.ui)).engine.restarts).toBeGreaterThanOrEqual(1);
  expect([...sender.refused]).toEqual([]);
});
