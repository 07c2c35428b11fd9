import { expect, test } from 'vitest';
import { ExchangeClock } from './exchange-clock.ts';

test('the exchange’s time is read as of half way through the question', async () => {
  let nowMs = 1_000;
  const clock = new ExchangeClock(() => nowMs);
  expect(clock.isKnown).toBe(false);
  await clock.synchronize(async () => {
    nowMs += 40;
    return 6_020;
  });
  expect(clock.isKnown).toBe(true);
  expect(clock.uncertaintyMs).toBe(20);
  // At 1,020 here it was 6,020 there.
  expect(clock.now()).toBe(6_040);
  nowMs += 60;
  expect(clock.now()).toBe(6_100);
});

test('a question that fails changes nothing', async () => {
  const clock = new ExchangeClock(() => 1_000);
  await expect(clock.synchronize(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(clock.isKnown).toBe(false);
  expect(clock.now()).toBe(1_000);
});

test('after a refusal the time has to be asked for again', async () => {
  const clock = new ExchangeClock(() => 1_000);
  await clock.synchronize(async () => 2_000);
  clock.forget();
  expect(clock.isKnown).toBe(false);
});
