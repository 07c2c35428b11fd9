import { setTimeout as sleep } from 'node:timers/promises';
import { INVALID_SPAN_CONTEXT, type SpanContext } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model';
import { expect, test } from 'vitest';
import { redisBackend } from './redis-backend.ts';
import type { RegistryBackend } from './registry-backend.ts';
import { RegistrySet } from './registry-set.ts';
import { SharedRegistry, type SharedRegistryOptions } from './shared-registry.ts';

const span = (digit: string): SpanContext => ({
  traceId: digit.repeat(32),
  spanId: digit.repeat(16),
  traceFlags: 1,
});
const remote = (digit: string): SpanContext => ({ ...span(digit), isRemote: true });

/** A store in this process that can be made to fail or to answer nothing. */
class TestStore implements RegistryBackend {
  readonly name = 'a test store';
  readonly values = new Map<string, string>();
  readonly batches: number[] = [];
  mode: 'works' | 'fails' | 'hangs' | 'throws' = 'works';
  open = 0;
  #release: (() => void)[] = [];

  async write(changes: Parameters<RegistryBackend['write']>[0]): Promise<void> {
    this.batches.push(changes.length);
    await this.#answer();
    for (const { key, value } of changes) {
      if (value === undefined) this.values.delete(key);
      else this.values.set(key, value);
    }
  }

  read(key: string): Promise<string | undefined> {
    if (this.mode === 'throws') throw new Error('at once');
    return this.#answer().then(() => this.values.get(key));
  }

  work(): void {
    this.mode = 'works';
    for (const release of this.#release.splice(0)) release();
  }

  async #answer(): Promise<void> {
    if (this.mode === 'fails') throw new Error('away');
    this.open += 1;
    if (this.mode === 'hangs') await new Promise<void>((resolve) => this.#release.push(resolve));
    this.open -= 1;
  }
}

function startInstance(store: RegistryBackend, options: SharedRegistryOptions = {}) {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  return { registry: new SharedRegistry(store, { log, ...options }), lines };
}

test('what one instance sets another finds, once, and then knows', async () => {
  const store = new TestStore();
  const { registry: first } = startInstance(store);
  const { registry: second } = startInstance(store);
  first.set('a', span('1'));
  expect(first.get('a')).toEqual(span('1'));
  expect(await first.flush()).toBe(true);
  expect(second.get('a')).toBeUndefined();
  expect(await second.find('a')).toEqual(remote('1'));
  expect(await second.find('a')).toEqual(remote('1'));
  expect(second.get('a')).toEqual(remote('1'));
  expect(await second.find('b')).toBeUndefined();
  expect(first.stats()).toMatchObject({ size: 1, hits: 1, writes: 1, writesQueued: 0 });
  expect(second.stats()).toMatchObject({
    ...{ size: 1, hits: 2, misses: 3, writes: 0 },
    ...{ sharedHits: 1, sharedMisses: 1, sharedErrors: 0 },
  });
});

test('what is deleted is gone from the store as well', async () => {
  const store = new TestStore();
  const { registry } = startInstance(store);
  registry.set('a', span('1'));
  await registry.flush();
  expect(registry.delete('a')).toBe(true);
  expect(registry.delete('a')).toBe(false);
  await registry.flush();
  expect(await registry.find('a')).toBeUndefined();
  expect(store.values.size).toBe(0);
});

test('what is set in one turn goes in few batches, and the last value of a key is the one', async () => {
  const store = new TestStore();
  const { registry } = startInstance(store);
  for (let index = 0; index < 600; index += 1) registry.set(`k${index % 300}`, span('1'));
  registry.set('k7', span('7'));
  await registry.flush();
  expect(store.batches).toEqual([256, 44]);
  expect(store.values.get('k7')).toContain('7'.repeat(32));
});

test('a value that changes while it is under way is written again', async () => {
  const store = new TestStore();
  const { registry } = startInstance(store);
  store.mode = 'hangs';
  registry.set('a', span('1'));
  await expect.poll(() => store.open).toBe(1);
  registry.set('a', span('2'));
  store.work();
  await registry.flush();
  expect(store.values.get('a')).toContain('2'.repeat(32));
  expect(store.batches).toEqual([1, 1]);
});

test('a store that does not answer holds up nobody, and a late answer is kept', async () => {
  const store = new TestStore();
  store.values.set('a', `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`);
  store.mode = 'hangs';
  const { registry, lines } = startInstance(store, { deadlineMs: 5 });
  expect(await registry.find('a')).toBeUndefined();
  expect(registry.stats()).toMatchObject({ misses: 1, sharedErrors: 1, sharedMisses: 0 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('no answer within 5 ms');
  store.work();
  await expect.poll(() => registry.get('a')).toEqual(remote('1'));
});

test('a late answer does not replace what was set meanwhile', async () => {
  const store = new TestStore();
  store.values.set('a', `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`);
  store.mode = 'hangs';
  const { registry } = startInstance(store, { deadlineMs: 5 });
  await registry.find('a');
  registry.set('a', span('2'));
  store.work();
  await expect.poll(() => store.open).toBe(0);
  await sleep(1);
  expect(registry.get('a')).toEqual(span('2'));
});

test('questions to a store that does not answer are bounded', async () => {
  const store = new TestStore();
  store.mode = 'hangs';
  const { registry } = startInstance(store, { deadlineMs: 5 });
  const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`);
  expect(await Promise.all(keys.map((key) => registry.find(key)))).toEqual(
    keys.map(() => undefined),
  );
  expect(store.open).toBe(256);
  expect(registry.stats().sharedErrors).toBe(1_000);
  store.work();
  await expect.poll(() => store.open).toBe(0);
  expect(await registry.find('k0')).toBeUndefined();
  expect(registry.stats()).toMatchObject({ sharedErrors: 1_000, sharedMisses: 1 });
});

test('what the store could not take is tried again until it can, in one line of log', async () => {
  const store = new TestStore();
  store.mode = 'fails';
  const { registry, lines } = startInstance(store);
  registry.set('a', span('1'));
  expect(await registry.flush(20)).toBe(false);
  expect(registry.stats()).toMatchObject({ writes: 0, writesFailed: 1, writesQueued: 1 });
  expect(await registry.find('b')).toBeUndefined();
  expect(lines).toHaveLength(1);
  store.work();
  expect(await registry.flush(10_000)).toBe(true);
  expect(registry.stats()).toMatchObject({ writes: 1, writesDropped: 0, writesQueued: 0 });
});

test('of more changes than may wait the newest are dropped and counted', async () => {
  const store = new TestStore();
  store.mode = 'fails';
  const { registry } = startInstance(store, { writesMax: 10 });
  for (let index = 0; index < 25; index += 1) registry.set(`k${index}`, span('1'));
  registry.set('k3', span('3'));
  expect(registry.stats()).toMatchObject({ size: 25, writesQueued: 10, writesDropped: 15 });
  store.work();
  await registry.flush(10_000);
  expect([...store.values.keys()].sort()).toEqual(
    Array.from({ length: 10 }, (_, index) => `k${index}`),
  );
  expect(store.values.get('k3')).toContain('3'.repeat(32));
});

test('a change that waited for longer than it is of use is dropped', async () => {
  let nowMs = 0;
  const store = new TestStore();
  store.mode = 'fails';
  const { registry } = startInstance(store, { ageMsMax: 100, now: () => nowMs });
  registry.set('a', span('1'));
  await registry.flush(20);
  nowMs = 100;
  registry.set('b', span('2'));
  store.work();
  await registry.flush(10_000);
  expect([...store.values.keys()]).toEqual(['b']);
  expect(registry.stats()).toMatchObject({ writes: 1, writesDropped: 1, writesQueued: 0 });
});

test('nothing that a store does reaches the caller', async () => {
  const store = new TestStore();
  const { registry } = startInstance(store);
  store.values.set('a', 'not a traceparent');
  expect(await registry.find('a')).toBeUndefined();
  store.mode = 'throws';
  expect(await registry.find('a')).toBeUndefined();
  expect(registry.stats()).toMatchObject({ sharedErrors: 2 });
});

test('a bound or a name that is not usable is refused', () => {
  expect(() => startInstance(new TestStore(), { writesMax: 0 })).toThrow(/writesMax/);
  expect(() => startInstance(new TestStore(), { deadlineMs: -1 })).toThrow(/deadlineMs/);
  const client = { sendCommand: async () => undefined };
  for (const namespace of ['', 'a.b', 'a:b', '*', 'x'.repeat(65)]) {
    expect(() => redisBackend(client, { namespace })).toThrow(ThroughlineError);
  }
});

test('a context that is no context is not shared', async () => {
  const store = new TestStore();
  const { registry } = startInstance(store);
  registry.set('a', INVALID_SPAN_CONTEXT);
  await registry.flush();
  expect(store.values.size).toBe(0);
});

test('shared registries and others of a service report as one', async () => {
  const set = new RegistrySet();
  const shared = set.createShared(new TestStore());
  set.create().get('nothing');
  shared.set('a', span('1'));
  await shared.find('b');
  await shared.flush();
  expect(set.stats()).toEqual({
    ...{ size: 1, hits: 0, misses: 2, evictedBySize: 0, evictedByAge: 0 },
    ...{ sharedHits: 0, sharedMisses: 1, sharedErrors: 0 },
    ...{ writes: 1, writesFailed: 0, writesDropped: 0, writesQueued: 0 },
  });
});
