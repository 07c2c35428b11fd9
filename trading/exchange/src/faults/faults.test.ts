import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../random.ts';
import { Faults } from './faults.ts';

test('latency is the fixed part of its leg plus at most the jitter', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(1_000), fc.integer(), (fixedMs, jitterMs, seed) => {
      const faults = new Faults(new Random(seed), { ackLatencyMs: fixedMs, jitterMs });
      const delayMs = faults.delayMs('ack');
      expect(delayMs).toBeGreaterThanOrEqual(fixedMs);
      expect(delayMs).toBeLessThanOrEqual(fixedMs + jitterMs);
      expect(faults.delayMs('fill')).toBeLessThanOrEqual(jitterMs);
    }),
  );
});

test('cut lots make at least the trades asked for, where there are lots enough', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10_000n), fc.integer({ min: 1, max: 100 }), (lots, trades) => {
      const faults = new Faults(new Random(1), { tradesPerOrderMin: trades });
      const most = faults.tradeLotsMax(lots);
      expect(most >= 1n).toBe(true);
      expect(most * BigInt(trades) >= lots && (most - 1n) * BigInt(trades) < lots).toBe(true);
    }),
  );
});

test('one seed gives the same rejects', () => {
  const draw = () => {
    const faults = new Faults(new Random(3), { rejectProbability: 0.5 });
    return Array.from({ length: 50 }, () => faults.rejects());
  };
  expect(draw()).toEqual(draw());
  expect(new Set(draw()).size).toBe(2);
});

test('values outside their bounds are refused by name', () => {
  for (const options of [
    { rejectProbability: 1.1 },
    { requestLatencyMs: -1 },
    { jitterMs: Number.NaN },
    { tradesPerOrderMin: 0 },
  ]) {
    const [name] = Object.keys(options);
    expect(() => new Faults(new Random(1), options)).toThrow(name);
  }
});
