import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ATTR, LINK_TYPE, type Lifecycle, ORDER_SPAN } from '@throughline/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from '../packages/server/src/lifecycle/definitions.ts';
import { readLifecycles } from '../packages/server/src/lifecycle/reader.ts';
import { openStore, type RetentionLimits, type Store } from '../packages/store/src/index.ts';
import {
  encodeRequest,
  hex,
  type OtlpSpan,
  otlpSpan,
  otlpStrings,
} from '../packages/store/src/testing/otlp.ts';
import { eventually } from './support/serve.ts';
import { orderRecords, recordOf } from './support/store/order-records.ts';

/** Pruning, with the real engine. Run alone: `npx vitest run --project system test/retention`. */

const SETTLE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A midnight. */
const EPOCH_MS = 1_699_920_000_000;

let dir = '';
let store: Store;
let nowMs = EPOCH_MS;
let warnings: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'retention-'));
  nowMs = EPOCH_MS;
  warnings = [];
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function open(limits: Partial<RetentionLimits>): Promise<void> {
  store = await openStore({
    dataDir: dir,
    lifecycles: [ORDER_LIFECYCLE],
    segmentAgeMs: 20,
    retention: { ageMs: 365 * DAY_MS, diskBytesMax: 100e9, ...limits },
    clock: () => nowMs,
    onWarning: (message) => warnings.push(message),
  });
}

async function keep(...records: Uint8Array[]): Promise<void> {
  await Promise.all(records.map((record) => store.append(record)));
  await store.settled(SETTLE_MS);
}

const EVERYTHING = {
  words: [],
  startNs: undefined,
  endNs: undefined,
  cursor: undefined,
  sort: 'begin',
  limit: 10_000,
} as const;

/** Every lifecycle that is listed, or the first of them, as it reads, by its key. */
async function readAll(
  some: { status?: string; limit?: number } = {},
): Promise<Map<string, Lifecycle>> {
  const options = { ...EVERYTHING, status: undefined, ...some };
  const { rows } = await store.reads.listBegins(ORDER_LIFECYCLE, options);
  const found = await Promise.all(
    rows.map(({ key }) => store.reads.findBegins(ORDER_LIFECYCLE, key)),
  );
  const begins = found.flatMap(([begin]) => (begin ? [begin] : []));
  const lifecycles = await Promise.all(
    begins.map(async (begin) => (await readLifecycles(store.reads, ORDER_LIFECYCLE, [begin]))[0]),
  );
  return new Map(lifecycles.flatMap((one) => (one ? [[one.key, one]] : [])));
}

test('whatever is pruned, what is open or ended within the retention reads as before', async () => {
  const ageMs = 8 * HOUR_MS;
  await open({ ageMs });
  const spans = [1, 2, 3].flatMap((seed) => {
    const fromMs = EPOCH_MS + seed * HOUR_MS;
    return orderRecords(seed, { fromMs, untilMs: fromMs + (seed % 2 ? 22 : 6) * HOUR_MS });
  });
  const stepMs = 3 * HOUR_MS;
  const bySteps = Map.groupBy(spans, ({ sentMs }) => Math.floor((sentMs - EPOCH_MS) / stepMs));
  const seen = new Set<string>();
  for (let step = 0; step <= Math.max(...bySteps.keys()) + 5; step += 1) {
    nowMs = EPOCH_MS + step * stepMs + 1_000;
    const sent = bySteps.get(step);
    if (sent) await keep(recordOf(sent));
    const before = await readAll();
    await store.prune();
    const after = await readAll();
    for (const [key, lifecycle] of before) {
      seen.add(key);
      const isEnded = ORDER_LIFECYCLE.terminalStatuses.includes(lifecycle.status);
      const isOld = isEnded && Number(lifecycle.end / 1_000_000n) < nowMs - ageMs;
      // What is gone is gone as a whole.
      if (isOld && !after.has(key))
        expect(await store.reads.findBegins(ORDER_LIFECYCLE, key.split('/'))).toEqual([]);
      else expect(after.get(key), `${key} in step ${step}`).toEqual(lifecycle);
    }
  }
  const { retention } = await store.status();
  expect(retention.prunings.length).toBeGreaterThan(7);
  expect(Math.max(...retention.prunings.map(({ spansCarried }) => spansCarried))).toBeGreaterThan(
    10,
  );
  expect(retention.lifecyclesGivenUp).toBe(0);
  // In the end, all that ended is gone and all that did not is there.
  const left = await readAll();
  expect(left.size).toBeGreaterThan(0);
  expect(left.size).toBeLessThan(seen.size);
  for (const { status } of left.values())
    expect(ORDER_LIFECYCLE.terminalStatuses).not.toContain(status);
  expect(warnings.filter((message) => !message.startsWith('pruned'))).toEqual([]);
});

/** An order of its own trace that was received now, and a span of another trace that links to it. */
function order(id: string, status: string | undefined): OtlpSpan[] {
  const ns = BigInt(nowMs) * 1_000_000n;
  const times = { start_time_unix_nano: `${ns}`, end_time_unix_nano: `${ns + 5n}` };
  const key = otlpStrings({ [ATTR.userId]: 'u1', [ATTR.clientOrderId]: id });
  const begin = otlpSpan({ ...times, name: ORDER_SPAN.clientOrderReceived, attributes: key });
  const { trace_id, span_id } = begin;
  const link = {
    trace_id,
    span_id,
    attributes: otlpStrings({ [ATTR.linkType]: LINK_TYPE.memberOf }),
  };
  const batch = otlpSpan({ ...times, name: ORDER_SPAN.orderBatching, links: [link] });
  return [begin, batch, ...(status === undefined ? [] : [update(id, status)])];
}

function update(id: string, status: string): OtlpSpan {
  const ns = `${BigInt(nowMs) * 1_000_000n}`;
  const values = { [ATTR.userId]: 'u1', [ATTR.clientOrderId]: id, [ATTR.orderStatus]: status };
  return otlpSpan({
    name: ORDER_SPAN.clientOrderUpdate,
    start_time_unix_nano: ns,
    end_time_unix_nano: ns,
    attributes: otlpStrings(values),
  });
}

/** Kills the engine's process; resolves when another one runs. */
async function killEngine(): Promise<void> {
  const { pid } = (await store.status()).engine;
  if (pid === undefined) throw new Error('the engine does not run');
  process.kill(pid, 'SIGKILL');
  await eventually('another engine runs', async () => {
    const { engine } = await store.status();
    return engine.state === 'ready' && engine.pid !== pid;
  });
}

/** Time passes, with a little traffic on the way, by which buckets end. */
async function pass(timeMs: number): Promise<void> {
  nowMs += timeMs / 2;
  await keep(encodeRequest([otlpSpan()]));
  nowMs += timeMs / 2;
}

function ids(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

async function keysOf(status?: string): Promise<string[]> {
  const { rows } = await store.reads.listBegins(ORDER_LIFECYCLE, { ...EVERYTHING, status });
  return rows.map(({ key }) => key[1] ?? '').sort();
}

async function rowsOf(table: string): Promise<number> {
  const { tables } = (await store.status()).retention;
  return tables.find(({ name }) => name === table)?.rows ?? 0;
}

test('thousands of open orders go on, however often the engine dies while they are carried', async () => {
  await open({ ageMs: DAY_MS });
  const openIds = ids(1_500, 'open-');
  await keep(encodeRequest(openIds.flatMap((id) => order(id, undefined))));
  await keep(encodeRequest(ids(1_500, 'ended-').flatMap((id) => order(id, 'filled'))));
  await pass(3 * DAY_MS);
  await keep(encodeRequest(order('today', undefined)));
  const some = { status: 'open', limit: 50 };
  const before = await readAll(some);
  for (const afterMs of [100, 300, 600]) {
    const pruning = store.prune();
    await delay(afterMs);
    await killEngine();
    await pruning;
  }
  await store.prune();
  expect(await keysOf()).toEqual([...openIds, 'today'].sort());
  expect(await readAll(some)).toEqual(before);
  // Neither lost nor doubled by what was done again; and nothing is left of what ended.
  expect(await rowsOf('spans')).toBe(2 * 1_501 + 1);
  expect(await rowsOf('trace_links')).toBe(1_501);
  expect(await rowsOf('correlation')).toBe(1_501);
  expect(await rowsOf('lifecycle_spans')).toBe(1_501);
  expect(await rowsOf('origins')).toBeGreaterThan(0);
  expect((await store.status()).retention.lifecyclesGivenUp).toBe(0);
});

test('an order that ends after it was carried goes with its end, and does not come back as open', async () => {
  await open({ ageMs: DAY_MS });
  await keep(encodeRequest(order('long', undefined)));
  await pass(3 * DAY_MS);
  await keep(encodeRequest(order('other', 'filled')));
  await store.prune();
  expect(await keysOf('open')).toEqual(['long']);
  await pass(DAY_MS);
  await keep(encodeRequest([update('long', 'canceled')]));
  await store.prune();
  expect(await keysOf()).toEqual(['long', 'other']);
  await pass(DAY_MS);
  await keep(encodeRequest(order('last', 'filled')));
  await store.prune();
  expect(await keysOf()).toEqual(['last', 'long']);
  await pass(DAY_MS);
  await store.prune();
  expect(await keysOf()).toEqual(['last']);
  await pass(2 * DAY_MS);
  await store.prune();
  expect(await keysOf()).toEqual([]);
});

test('an order that is open for ten times the age is given up, counted and said', async () => {
  await open({ ageMs: HOUR_MS });
  await keep(encodeRequest(order('forever', undefined)));
  for (const hours of [4, 5]) {
    await pass(hours * HOUR_MS);
    await store.prune();
    expect(await keysOf('open')).toEqual(['forever']);
  }
  await pass(4 * HOUR_MS);
  await store.prune();
  expect(await keysOf()).toEqual([]);
  expect((await store.status()).retention.lifecyclesGivenUp).toBe(1);
  expect(warnings.join('\n')).toContain('1 lifecycles that are open were given up');
});

test('tables keep their rows for times of their own', async () => {
  await open({ ageMs: DAY_MS, tableAgesMs: { lifecycle_spans: 30 * DAY_MS } });
  await keep(encodeRequest(order('old', 'filled')));
  await pass(3 * DAY_MS);
  await store.prune();
  expect(await rowsOf('trace_links')).toBe(0);
  expect(await rowsOf('lifecycle_spans')).toBe(2);
  expect(await keysOf('filled')).toEqual(['old']);
  await pass(30 * DAY_MS);
  await store.prune();
  expect(await rowsOf('lifecycle_spans')).toBe(0);
});

test('the oldest goes when there is too much, within one day, and open orders stay', async () => {
  const diskBytesMax = 1_000_000;
  await open({ diskBytesMax });
  await keep(encodeRequest(order('open', undefined)));
  let newest: OtlpSpan[] = [];
  for (let minute = 0; minute < 16; minute += 1) {
    nowMs += 61_000;
    newest = Array.from({ length: 100 }, () =>
      otlpSpan({ attributes: otlpStrings({ noise: randomBytes(1_000).toString('base64') }) }),
    );
    await keep(encodeRequest(newest));
    await store.prune();
    expect((await store.status()).retention.diskBytes).toBeLessThanOrEqual(diskBytesMax);
  }
  const { prunings, tables } = (await store.status()).retention;
  expect(prunings.length).toBeGreaterThan(2);
  expect(new Set(prunings.map(({ reason }) => reason))).toEqual(new Set(['size']));
  const oldestNs = tables.find(({ name }) => name === 'spans')?.oldestReceivedAt ?? 0n;
  expect(oldestNs).toBeGreaterThan(BigInt(EPOCH_MS) * 1_000_000n);
  const { spans } = await store.reads.spansOfTraces(
    newest.map(({ trace_id }) => hex(trace_id)),
    1_000,
  );
  expect(spans).toHaveLength(100);
  expect(await keysOf('open')).toEqual(['open']);
});

test('what is all open has to give way where there is no room: the oldest first', async () => {
  await open({ diskBytesMax: 1_000_000 });
  for (let minute = 0; minute < 15; minute += 1) {
    nowMs += 61_000;
    const spans = ids(50, `open-${String(minute).padStart(2, '0')}-`).flatMap((id) =>
      order(id, undefined),
    );
    const noise = otlpStrings({ noise: randomBytes(1_000).toString('base64') });
    await keep(
      encodeRequest(
        spans.map((span) => ({ ...span, attributes: [...(span.attributes ?? []), ...noise] })),
      ),
    );
    await store.prune();
    expect((await store.status()).retention.diskBytes).toBeLessThanOrEqual(1_000_000);
  }
  const left = await keysOf('open');
  const { lifecyclesGivenUp } = (await store.status()).retention;
  expect(left.length + lifecyclesGivenUp).toBe(15 * 50);
  expect(left).toContain('open-14-0');
});

test('what was pruned is still known after a restart', async () => {
  await open({ ageMs: DAY_MS });
  await keep(encodeRequest(order('old', 'filled')));
  await pass(3 * DAY_MS);
  await keep(encodeRequest(order('new', 'filled')));
  await store.prune();
  const before = (await store.status()).retention;
  expect(before.prunings).toHaveLength(1);
  await store.close();
  await open({ ageMs: DAY_MS });
  const after = (await store.status()).retention;
  expect(after.prunings).toEqual(before.prunings);
  expect(after.prunings).toHaveLength(1);
  expect(after.tables).toEqual(before.tables);
});
