import type { Instruments } from '@throughline/instruments';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BTCUSDT, SOLUSDT } from '../testing/instruments.ts';
import { Market } from './market.ts';

const BTC: Instruments = new Map([['BTCUSDT', BTCUSDT]]);
const SOL: Instruments = new Map([['SOLUSDT', SOLUSDT]]);
const VENUES = ['north', 'south'].map((name) => ({ name, restUrl: `http://${name}`, weight: 1 }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `north` has answered; `south` is asked again, and answers in this way. */
function market(ask: () => Promise<Instruments>) {
  const events: string[] = [];
  const asked: string[] = [];
  const south = new Market({
    venues: VENUES,
    byVenue: new Map([['north', BTC]]),
    onJoined: ({ name, symbols }) => events.push(`${name} joined: ${[...symbols]}`),
    onChange: (name, isUp) => events.push(`${name} ${isUp ? 'up' : 'down'}`),
    onUnusable: (name, error) => events.push(`${name} unusable: ${(error as Error).message}`),
    ask: (restUrl) => {
      asked.push(restUrl);
      return ask();
    },
  });
  return { market: south, events, asked };
}

test('a venue that does not answer at the start is asked until it does, less and less often', async () => {
  let isThere = false;
  const {
    market: one,
    events,
    asked,
  } = market(async () => {
    if (isThere) return SOL;
    throw new TypeError('fetch failed');
  });
  expect(one.venues().map(({ symbols }) => symbols.size)).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(60_000);
  const fruitless = asked.length;
  expect(fruitless).toBeGreaterThan(10);
  expect(fruitless).toBeLessThan(40);
  expect(new Set(asked)).toEqual(new Set(['http://south']));
  expect(events).toEqual([]);
  isThere = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(events).toEqual(['south joined: SOLUSDT']);
  expect([...one.instruments.keys()]).toEqual(['BTCUSDT', 'SOLUSDT']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBe(fruitless + 1);
});

test.each([
  ['it answers first', ['answer', 'connect']],
  ['it is connected first', ['connect', 'answer']],
])('a venue is up when it has answered and is connected: %s', async (_what, steps) => {
  const { promise, resolve } = Promise.withResolvers<Instruments>();
  const { market: one, events } = market(() => promise);
  for (const step of steps) {
    expect(one.isUp('south')).toBe(false);
    if (step === 'connect') one.connected('south', true);
    else resolve(BTC);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(events).toEqual(['south joined: BTCUSDT', 'south up']);
  one.connected('south', false);
  one.connected('south', false);
  one.connected('north', true);
  expect(events.slice(2)).toEqual(['south down']);
  expect([one.isUp('north'), one.isUp('south')]).toEqual([true, false]);
});

test('a venue that counts a symbol in other lots is told of once, and never used', async () => {
  const other = { ...BTCUSDT, step: { units: 1n, scale: 1 } };
  const { market: one, events, asked } = market(async () => new Map([['BTCUSDT', other]]));
  one.connected('south', true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(events).toEqual([expect.stringMatching(/^south unusable: south trades BTCUSDT in other/)]);
  expect(asked).toHaveLength(1);
  expect(one.isUp('south')).toBe(false);
});

test('nobody is asked any more once it is closed', async () => {
  const { market: one, asked } = market(() => Promise.reject(new TypeError('fetch failed')));
  one.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual([]);
});
