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

test('every entry that was set is there, was replaced, or was evicted and counted', () => {
  const operation = fc.record({ key: fc.integer({ min: 0, max: 20 }), waitMs: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      let nowMs = 0;
      let replaced = 0;
      const registry = new SpanContextRegistry({ entriesMax: 5, ageMsMax: 50, now: () => nowMs });
      for (const { key, waitMs } of operations) {
        nowMs += waitMs;
        if (registry.get(String(key))) replaced += 1;
        registry.set(String(key), span('1'));
      }
      const { size, evictedBySize, evictedByAge } = registry.stats();
      expect(size).toBeLessThanOrEqual(5);
      expect(size + replaced + evictedBySize + evictedByAge).toBe(operations.length);
    }),
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

test('a bound that is not positive is refused', () => {
  expect(() => new SpanContextRegistry({ entriesMax: 0 })).toThrow(ThroughlineError);
  expect(() => new SpanContextRegistry({ ageMsMax: Number.NaN })).toThrow(/ageMsMax/);
});

test('the registries of a service report as one', () => {
  const set = new RegistrySet();
  const [first, second] = [set.create({ entriesMax: 1 }), set.create()];
  first.set('a', span('1'));
  first.set('b', span('1'));
  second.get('nothing');
  expect(set.stats()).toEqual({ size: 1, hits: 0, misses: 1, evictedBySize: 1, evictedByAge: 0 });
});
