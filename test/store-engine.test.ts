import { globSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type Store } from '../packages/store/src/index.ts';
import {
  encodeRequest,
  hex,
  type OtlpSpan,
  otlpSpan,
  otlpStrings,
} from '../packages/store/src/testing/otlp.ts';
import { eventually } from './support/serve.ts';
import { ORDER } from './support/store/contract.ts';

/**
 * What the embedded store does when its engine dies and its files are damaged. Run alone:
 * `npx vitest run --project system test/store-engine`.
 */

const SETTLE_MS = 60_000;

let dir = '';
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'store-'));
  store = await openStore({ dataDir: dir, lifecycles: [ORDER], segmentAgeMs: 20 });
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function storeSpans(...spans: OtlpSpan[]): Promise<void> {
  await store.append(encodeRequest(spans));
  await store.settled(SETTLE_MS);
}

/** Kills the engine that runs, or the next one. */
async function killEngine(): Promise<void> {
  await eventually('an engine runs', async () => {
    const { pid } = (await store.status()).engine;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    return pid !== undefined;
  });
}

test('what was acknowledged is loaded after a restart', async () => {
  const span = otlpSpan();
  await store.append(encodeRequest([span]));
  await store.close();
  store = await openStore({ dataDir: dir, lifecycles: [ORDER] });
  await store.settled(SETTLE_MS);
  expect((await store.reads.spansOfTraces([hex(span.trace_id)], 10)).spans).toHaveLength(1);
});

test('an engine that is killed again and again loses nothing and doubles nothing', async () => {
  const spansPerBatch = 200;
  let kills = 0;
  const killing = (async () => {
    for (; kills < 4; kills += 1) {
      await delay(400 + Math.random() * 300);
      await killEngine();
    }
  })();
  let batches = 0;
  for (; kills < 4; batches += 1) {
    await store.append(encodeRequest(Array.from({ length: spansPerBatch }, () => otlpSpan())));
    await delay(50);
  }
  await killing;
  await store.settled(SETTLE_MS);
  const status = await store.status();
  // Counted in the table itself, where a span that was loaded twice would count twice.
  expect(status.store.spansLoaded).toBe(batches * spansPerBatch);
  expect(status.store.recordsQuarantined).toBe(0);
});

test('reads wait for a restarting engine', async () => {
  const span = otlpSpan();
  await storeSpans(span);
  await killEngine();
  await expect
    .poll(async () => (await store.status()).engine.state, { interval: 5 })
    .toBe('restarting');
  const beganMs = performance.now();
  const read = async () => (await store.reads.spansOfTraces([hex(span.trace_id)], 10)).spans;
  const early = await read().catch((error: { code?: string }) => error.code);
  // An engine that takes longer to come back than a read waits: that is not at once, and passes.
  if (early === 'TL_ENGINE_UNAVAILABLE') {
    expect(performance.now() - beganMs).toBeGreaterThan(1_500);
    await expect.poll(() => read().catch(() => [])).toHaveLength(1);
  } else expect(early).toHaveLength(1);
});

test('unreadable records are set aside, their neighbours stored exactly once', async () => {
  const good = Array.from({ length: 20 }, () => otlpSpan());
  const broken = Uint8Array.of(0x0a, 0x03, 0x12, 0x7f, 0x01);
  const records = good.flatMap((span, index) =>
    index % 7 === 0 ? [encodeRequest([span]), broken] : [encodeRequest([span])],
  );
  await Promise.all(records.map((record) => store.append(record)));
  await store.settled(SETTLE_MS);
  const status = await store.status();
  expect(status.store).toMatchObject({ spansLoaded: 20, recordsQuarantined: 3 });
  const ids = good.map(({ trace_id }) => hex(trace_id));
  expect((await store.reads.spansOfTraces(ids, 100)).spans).toHaveLength(20);
  await store.close();
  store = await openStore({ dataDir: dir, lifecycles: [ORDER] });
  expect((await store.status()).store.recordsQuarantined).toBe(3);
});

test('a damaged part is named in the status, and the rest is served', async () => {
  await storeSpans(otlpSpan());
  await store.close();
  const data = globSync(join(dir, 'clickhouse', 'data', '*', 'spans', '*', 'data.bin'));
  expect(data).toHaveLength(1);
  for (const file of data) truncateSync(file, 10);
  store = await openStore({ dataDir: dir, lifecycles: [ORDER] });
  expect((await store.status()).store.warnings).toEqual([
    expect.stringMatching(/^part .* of spans is set aside: broken.*, 1 row\(s\) are missing$/),
  ]);
  const span = otlpSpan();
  await storeSpans(span);
  expect((await store.reads.spansOfTraces([hex(span.trace_id)], 10)).spans).toHaveLength(1);
});

test('a request of the largest size that OTLP allows is stored', async () => {
  const trace_id = Buffer.alloc(16, 3);
  const attributes = otlpStrings({ text: 'x'.repeat(1_000) });
  const span = () => otlpSpan({ trace_id, attributes });
  const record = encodeRequest(Array.from({ length: 60_000 }, span));
  expect(record.length).toBeGreaterThan(60 * 1024 ** 2);
  await store.append(record);
  await store.settled(SETTLE_MS);
  expect((await store.status()).store).toMatchObject({ spansLoaded: 60_000 });
});

test('a second store on the same directory is refused', async () => {
  await expect(openStore({ dataDir: dir, lifecycles: [ORDER] })).rejects.toMatchObject({
    code: 'TL_DATA_DIR_LOCKED',
    message: expect.stringContaining(`process ${process.pid}`),
  });
});
