import type { SpanContext } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { registryKey, SpanContextRegistry } from './registry.ts';
import { RegistrySet } from './registry-set.ts';

const span = (digit: string): SpanContext => ({
  traceId: digit.repeat(32),
  spanId: digit.repeat(16),
  traceFlags: 1,
});

test('an entry is found until it is deleted, and hits and misses are counted', () => {
  const registry = new SpanContextRegistry();
  registry.set('a', span('1'));
  expect(registry.get('a')).toEqual(span('1'));
  expect(registry.delete('a')).toBe(true);
  expect(registry.delete('a')).toBe(false);
  expect(registry.get('a')).toBeUndefined();
  expect(registry.stats()).toEqual({
    size: 0,
    hits: 1,
    misses: 1,
    evictedBySize: 0,
    evictedByAge: 0,
  });
});

test('beyond its size the entry that was set longest ago goes', () => {
  const registry = new SpanContextRegistry({ entriesMax: 2 });
  registry.set('a', span('1'));
  registry.set('b', span('2'));
  registry.set('a', span('3'));
  registry.set('c', span('4'));
  expect(registry.get('b')).toBeUndefined();
  expect(registry.get('a')).toEqual(span('3'));
  expect(registry.get('c')).toEqual(span('4'));
  expect(registry.stats()).toMatchObject({ size: 2, evictedBySize: 1 });
});

test('beyond its age an entry is gone, counted from when it was last set', () => {
  let nowMs = 0;
  const registry = new SpanContextRegistry({ ageMsMax: 100, now: () => nowMs });
  registry.set('a', span('1'));
  registry.set('b', span('2'));
  nowMs = 60;
  registry.set('a', span('1'));
  nowMs = 101;
  expect(registry.get('b')).toBeUndefined();
  expect(registry.get('a')).toEqual(span('1'));
  nowMs = 161;
  expect(registry.get('a')).toBeUndefined();
  expect(registry.stats()).toMatchObject({ size: 0, evictedByAge: 2, misses: 2, hits: 1 });
});

/** The registry by its definition: a list in the order of the last `set`, cleaned up at every step. */
class RegistryModel {
  readonly entriesMax: number;
  readonly ageMsMax: number;
  entries: { key: string; digit: string; setAtMs: number }[] = [];
  counts = { hits: 0, misses: 0, evictedBySize: 0, evictedByAge: 0 };

  constructor(entriesMax: number, ageMsMax: number) {
    this.entriesMax = entriesMax;
    this.ageMsMax = ageMsMax;
  }

  set(key: string, digit: string, nowMs: number): void {
    this.entries = this.entries.filter((entry) => entry.key !== key);
    this.entries.push({ key, digit, setAtMs: nowMs });
    if (this.entries.length <= this.entriesMax) return;
    this.entries.shift();
    this.counts.evictedBySize += 1;
  }

  get(key: string): string | undefined {
    const found = this.entries.find((entry) => entry.key === key);
    this.counts[found ? 'hits' : 'misses'] += 1;
    return found?.digit;
  }

  delete(key: string): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.key !== key);
    return this.entries.length < before;
  }

  evictAged(nowMs: number): void {
    const young = this.entries.filter((entry) => nowMs - entry.setAtMs <= this.ageMsMax);
    this.counts.evictedByAge += this.entries.length - young.length;
    this.entries = young;
  }
}

test('it finds, evicts and counts exactly as its definition says', () => {
  const step = fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.nat(30)),
    kind: fc.constantFrom('set', 'set', 'get', 'has', 'delete', 'stats'),
    key: fc.constantFrom(...'abcdefghij'),
    digit: fc.constantFrom(...'123456789'),
  });
  const bounds = {
    entriesMax: fc.integer({ min: 1, max: 6 }),
    ageMsMax: fc.integer({ min: 1, max: 90 }),
  };
  fc.assert(
    fc.property(
      fc.record(bounds),
      fc.array(step, { maxLength: 150, size: 'max' }),
      (options, steps) => {
        let nowMs = 0;
        const registry = new SpanContextRegistry({ ...options, now: () => nowMs });
        const model = new RegistryModel(options.entriesMax, options.ageMsMax);
        for (const { waitMs, kind, key, digit } of steps) {
          nowMs += waitMs;
          model.evictAged(nowMs);
          if (kind === 'set') {
            registry.set(key, span(digit));
            model.set(key, digit, nowMs);
          } else if (kind === 'get') {
            expect(registry.get(key)?.traceId[0]).toBe(model.get(key));
          } else if (kind === 'has') {
            expect(registry.has(key)).toBe(model.entries.some((entry) => entry.key === key));
          } else if (kind === 'delete') {
            expect(registry.delete(key)).toBe(model.delete(key));
          } else {
            expect(registry.stats()).toEqual({ size: model.entries.length, ...model.counts });
          }
        }
        expect(registry.stats()).toEqual({ size: model.entries.length, ...model.counts });
      },
    ),
    { numRuns: 300 },
  );
});

test('different parts never make the same key', () => {
  expect(registryKey('u1', 'o1')).not.toBe(registryKey('u1o', '1'));
  expect(registryKey('a:1', 'b')).not.toBe(registryKey('a', '1:b'));
  const parts = fc.array(fc.string({ unit: fc.constantFrom('1', '2', ':', 'a') }));
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      expect(registryKey(...left) === registryKey(...right)).toBe(
        JSON.stringify(left) === JSON.stringify(right),
      );
    }),
  );
});

test('a bound that is not usable is refused', () => {
  for (const entriesMax of [0, 1.5, Number.POSITIVE_INFINITY]) {
    expect(() => new SpanContextRegistry({ entriesMax })).toThrow(ThroughlineError);
  }
  for (const ageMsMax of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => new SpanContextRegistry({ ageMsMax })).toThrow(/ageMsMax/);
  }
});

test('the registries of a service report as one', () => {
  const set = new RegistrySet();
  const [first, second] = [set.create({ entriesMax: 1 }), set.create()];
  first.set('a', span('1'));
  first.set('b', span('1'));
  second.get('nothing');
  expect(set.stats()).toMatchObject({ size: 1, misses: 1, evictedBySize: 1, evictedByAge: 0 });
});
