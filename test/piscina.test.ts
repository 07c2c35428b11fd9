// Tasks in a real piscina pool: `vitest run --project system test/piscina.test.ts`.
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { acceptRelays, runTraced, startTracing, type Tracing } from '@throughline/sdk';
import { Piscina } from 'piscina';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import type { Price, PriceTask, Way } from './support/piscina-thread.ts';

const filename = new URL('./support/piscina-thread.ts', import.meta.url).href;
const TASKS = 300;
const DEADLINE_MS = 60_000;

let collector: Collector;
let tracing: Tracing;

beforeEach(async () => {
  collector = await startCollector();
  tracing = startTracing({
    serviceName: 'desk',
    enabled: true,
    global: false,
    endpoint: collector.url,
  });
});

afterEach(async () => {
  await tracing.shutdown(DEADLINE_MS);
  await collector.close();
});

function startPool(way: Way, options: ConstructorParameters<typeof Piscina>[0] = {}) {
  const threads = { minThreads: 2, maxThreads: 2, concurrentTasksPerWorker: 1 };
  return new Piscina<PriceTask, Price>({ filename, workerData: way, ...threads, ...options });
}

/** Runs the tasks, each in a trace of its own. @returns the trace ids */
function runAll(pool: Piscina<PriceTask, Price>): Promise<string[]> {
  return Promise.all(
    Array.from({ length: TASKS }, async (_, strike) => {
      const order = tracing.tracer.startSpan('order', {}, ROOT_CONTEXT);
      const context = trace.setSpan(ROOT_CONTEXT, order);
      const price = await runTraced(tracing, 'run price', pool, { strike }, { context });
      expect(price.value).toBe(strike * 2);
      order.end();
      return order.spanContext().traceId;
    }),
  );
}

/** Every trace is `order` > `run price` > `price` > `model`, the last two in the other service. */
function expectWholeTraces(traceIds: readonly string[]): void {
  const byTrace = Map.groupBy(collector.spans, ({ traceId }) => traceId);
  expect([...byTrace.keys()].sort()).toEqual([...traceIds].sort());
  for (const spans of byTrace.values()) {
    const byName = new Map(spans.map((span): [string, CollectedSpan] => [span.name, span]));
    expect(spans).toHaveLength(4);
    let parent: string | undefined;
    for (const [name, service] of [
      ['order', 'desk'],
      ['run price', 'desk'],
      ['price', 'pricing'],
      ['model', 'pricing'],
    ] as const) {
      const span = byName.get(name);
      expect(span).toMatchObject({ service, isError: false });
      expect(span?.parentSpanId).toBe(parent);
      parent = span?.spanId;
    }
  }
  const threads = new Set(collector.spans.map(({ attributes }) => attributes['thread.id']));
  threads.delete(undefined);
  expect(threads.size).toBe(2);
}

// piscina's threads block while they are idle, unless told otherwise: no timer of theirs runs then.
test.each([
  'sync',
  'async',
  'disabled',
] as const)('over the relay of threads that wait %s, every trace is whole when the pool is gone', async (atomics) => {
  const pool = startPool({ type: 'relay' }, { atomics });
  acceptRelays(pool, tracing);
  const traceIds = await runAll(pool);
  await pool.destroy();
  expect(await tracing.flush(DEADLINE_MS)).toBe(true);
  expectWholeTraces(traceIds);
  expect(tracing.stats()).toMatchObject({
    ended: 2 * TASKS,
    relayed: 2 * TASKS,
    exported: 4 * TASKS,
    queued: 0,
  });
});

test('threads with exporters of their own tell the same, if they do not block', async () => {
  const pool = startPool({ type: 'own', endpoint: collector.url }, { atomics: 'disabled' });
  const traceIds = await runAll(pool);
  expect(await tracing.flush(DEADLINE_MS)).toBe(true);
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (collector.spans.length < 4 * TASKS && performance.now() < deadlineMs) await sleep(20);
  await pool.destroy();
  expectWholeTraces(traceIds);
});

test('what a task throws reaches the caller; the spans of both sides say so', async () => {
  const pool = startPool({ type: 'relay' });
  acceptRelays(pool, tracing);
  const failed = runTraced(tracing, 'run price', pool, { strike: -1 });
  await expect(failed).rejects.toThrow('a strike is not negative');
  await pool.destroy();
  await tracing.flush(DEADLINE_MS);
  const names = collector.spans.filter(({ isError }) => isError).map(({ name }) => name);
  expect(names.sort()).toEqual(['price', 'run price']);
});

test('bytes are moved to the thread as the caller says, by list or by `move`', async () => {
  const pool = startPool({ type: 'relay' });
  acceptRelays(pool, tracing);
  const listed = new Uint8Array([1, 2, 3]);
  const runOptions = { transferList: [listed.buffer] };
  const task = { strike: 1, bytes: listed };
  const byList = await runTraced(tracing, 'run price', pool, task, { runOptions });
  expect([...(byList.bytes ?? [])]).toEqual([1, 2, 3]);
  expect(listed.byteLength).toBe(0);
  const moved = new Uint8Array([4, 5]);
  const movedTask = {
    [Piscina.transferableSymbol]: [moved.buffer],
    [Piscina.valueSymbol]: { strike: 2, bytes: moved },
  };
  const byMove = await runTraced(tracing, 'run price', pool, Piscina.move(movedTask as never));
  expect([...(byMove.bytes ?? [])]).toEqual([4, 5]);
  expect(byMove.value).toBe(4);
  expect(moved.byteLength).toBe(0);
  await pool.destroy();
});

test('a task that is called off fails for the caller, and its span says so', async () => {
  const pool = startPool({ type: 'relay' }, { minThreads: 1, maxThreads: 1 });
  acceptRelays(pool, tracing);
  const stop = new AbortController();
  const first = runTraced(tracing, 'run price', pool, { strike: 1 });
  const runOptions = { signal: stop.signal };
  const queued = runTraced(tracing, 'run price', pool, { strike: 2 }, { runOptions });
  stop.abort();
  await expect(queued).rejects.toThrow('aborted');
  expect((await first).value).toBe(2);
  await pool.destroy();
  await tracing.flush(DEADLINE_MS);
  const runs = collector.spans.filter(({ name }) => name === 'run price');
  expect(runs.map(({ isError }) => isError).sort()).toEqual([false, true]);
});
