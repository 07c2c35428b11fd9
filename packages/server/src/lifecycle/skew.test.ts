import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundsOf, estimateSkew, type SkewEstimate } from './skew.ts';
import type { Readings } from './skew-readings.ts';

/** Messages as [from, to, time that they took by the clocks of both]. */
type Message = readonly [from: string, to: string, tookNs: bigint];

function readingsOf(messages: readonly Message[]): Readings {
  const least = new Map<string, { from: string; to: string; leastNs: bigint }>();
  const counts = new Map<string, number>();
  for (const [from, to, tookNs] of messages) {
    const known = least.get(`${from} ${to}`);
    if (!known || tookNs < known.leastNs) least.set(`${from} ${to}`, { from, to, leastNs: tookNs });
    for (const host of [from, to]) counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  const readings = [...least.values()].sort((left, right) => Number(left.leastNs - right.leastNs));
  return { readings, messages: counts };
}

function estimateBy(reference: string, messages: readonly Message[]): SkewEstimate {
  const bounds = boundsOf(readingsOf(messages));
  return bounds ? estimateSkew(bounds, reference) : { skews: [], contradictions: [] };
}

function estimate(...messages: Message[]): SkewEstimate {
  return estimateBy('a', messages);
}

test('there and back give the middle, and half of the time that both took as the uncertainty', () => {
  expect(estimate(['a', 'b', -1_490n], ['b', 'a', 1_510n], ['a', 'b', -1_400n])).toEqual({
    skews: [{ host: 'b', offsetNs: -1_500n, uncertaintyNs: 10n, messages: 3 }],
    contradictions: [],
  });
});

test('one way only gives the least offset that puts the effect after its cause, and no uncertainty', () => {
  const { skews } = estimate(['a', 'b', -1_490n], ['a', 'b', 20n]);
  expect(skews).toEqual([{ host: 'b', offsetNs: -1_490n, messages: 2 }]);
  expect(estimate(['b', 'a', -70n]).skews).toEqual([{ host: 'b', offsetNs: 70n, messages: 1 }]);
});

test('without a message that comes before it was sent, all clocks are right, however slow one is', () => {
  expect(estimate(['a', 'b', 5n], ['b', 'a', 9_000_000_000n], ['a', 'c', 0n]).skews).toEqual([]);
  expect(estimate().skews).toEqual([]);
});

test('a host that is reached over another has the bounds of both, and the other is left alone', () => {
  const { skews } = estimate(
    ...([
      ['a', 'c', 10n],
      ['c', 'a', 30n],
      ['c', 'b', -1_480n],
      ['b', 'c', 1_520n],
    ] as const),
  );
  expect(skews).toEqual([{ host: 'b', offsetNs: -1_500n, uncertaintyNs: 50n, messages: 2 }]);
});

test('clocks that drift apart contradict themselves, and the broken order is still mended', () => {
  const { skews, contradictions } = estimate(['a', 'b', -1_500n], ['b', 'a', 1_400n]);
  expect(skews).toEqual([{ host: 'b', offsetNs: -1_500n, messages: 2 }]);
  expect(contradictions).toEqual([{ from: 'b', to: 'a', byNs: 100n }]);
});

test('an unknown reference gives way to the busiest host', () => {
  const messages: Message[] = [
    ['b', 'c', -5n],
    ['c', 'b', 6n],
    ['b', 'd', 1n],
  ];
  expect(estimateBy('', messages).skews).toEqual([
    { host: 'c', offsetNs: -5n, uncertaintyNs: 1n, messages: 2 },
  ]);
});

const HOSTS = ['a', 'b', 'c', 'd', 'e'];
const worldArbitrary = fc.record({
  offsets: fc.array(fc.bigInt(-2_000n, 2_000n), { minLength: 5, maxLength: 5 }),
  messages: fc.array(
    fc.record({
      from: fc.nat(4),
      to: fc.nat(4),
      delayNs: fc.bigInt(0n, 500n),
    }),
    { maxLength: 30 },
  ),
});

test('whatever the offsets and delays, the interval holds the truth and effects follow their causes', () => {
  fc.assert(
    fc.property(worldArbitrary, ({ offsets, messages }) => {
      const offsetOf = (host: string) => offsets[HOSTS.indexOf(host)] ?? 0n;
      const sent = messages
        .map(({ from, to, delayNs }) => [HOSTS[from] ?? '', HOSTS[to] ?? '', delayNs] as const)
        .filter(([from, to]) => from !== to)
        .map(([from, to, delayNs]): Message => [from, to, delayNs + offsetOf(to) - offsetOf(from)]);
      const busiest = boundsOf(readingsOf(sent))?.hosts;
      const reference = busiest?.includes('a') ? 'a' : (busiest?.[0] ?? 'a');
      const { skews, contradictions } = estimateBy('a', sent);
      expect(contradictions).toEqual([]);
      const found = new Map(skews.map(({ host, offsetNs }) => [host, offsetNs]));
      for (const [from, to, tookNs] of sent) {
        expect(tookNs - (found.get(to) ?? 0n) + (found.get(from) ?? 0n)).toBeGreaterThanOrEqual(0n);
      }
      for (const { host, offsetNs, uncertaintyNs } of skews) {
        if (uncertaintyNs === undefined) continue;
        const off = offsetOf(host) - offsetOf(reference) - offsetNs;
        expect(off < 0n ? -off : off).toBeLessThanOrEqual(uncertaintyNs);
      }
    }),
    { numRuns: 500 },
  );
});

test('clocks that are right stay as they are', () => {
  fc.assert(
    fc.property(worldArbitrary, ({ messages }) => {
      const sent = messages.map(
        ({ from, to, delayNs }): Message => [HOSTS[from] ?? '', HOSTS[to] ?? '', delayNs],
      );
      expect(boundsOf(readingsOf(sent))).toBeUndefined();
    }),
  );
});
