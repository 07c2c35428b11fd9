import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderError, type OrderErrorType } from '../domain/order-error.ts';
import { backOffMs, isRetryable, type RetryPolicy, retry } from './retry.ts';

const policy: RetryPolicy = { attemptsMax: 4, budgetMs: 1_000, delayMs: 100, delayMsMax: 300 };

/** A world whose time passes only in its sleeps. */
function world() {
  const slept: number[] = [];
  let nowMs = 0;
  const sleep = async (ms: number) => {
    slept.push(ms);
    nowMs += ms;
  };
  return { slept, sleep, now: () => nowMs, random: () => 0.999_999 };
}

const fail = (errorType: OrderErrorType, retryAfterMs?: number) =>
  new OrderError(errorType, errorType, { retryAfterMs });

test('what works is not repeated, and what works later is repeated until then', async () => {
  const { slept, ...given } = world();
  expect(await retry(policy, async () => 'first', given)).toBe('first');
  const attempt = async (before: number) => {
    if (before < 2) throw fail('venue_unavailable');
    return before;
  };
  expect(await retry(policy, attempt, given)).toBe(2);
  expect(slept).toEqual([100, 200]);
});

test('the attempts end, and the last failure is told', async () => {
  const { slept, ...given } = world();
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    throw fail('timeout');
  };
  await expect(retry(policy, attempt, given)).rejects.toMatchObject({ errorType: 'timeout' });
  expect(attempts).toBe(4);
  expect(slept).toEqual([100, 200, 300]);
});

test('what cannot work later is not repeated', async () => {
  for (const type of ['rejected', 'filter', 'authentication', 'insufficient_balance'] as const) {
    const { slept, ...given } = world();
    const attempt = async () => {
      throw fail(type);
    };
    await expect(retry(policy, attempt, given)).rejects.toMatchObject({ errorType: type });
    expect(slept).toEqual([]);
  }
  expect(isRetryable(new TypeError('a defect'))).toBe(false);
});

test('it waits as long as the exchange asks for, and not at all beyond the budget', async () => {
  const { slept, ...given } = world();
  const limited = (retryAfterMs: number) => async (before: number) => {
    if (before === 0) throw fail('rate_limited', retryAfterMs);
    return 'done';
  };
  expect(await retry(policy, limited(700), given)).toBe('done');
  expect(slept).toEqual([700]);
  const { slept: none, ...other } = world();
  await expect(retry(policy, limited(1_001), other)).rejects.toMatchObject({
    errorType: 'rate_limited',
  });
  expect(none).toEqual([]);
});

test('no attempt begins after the budget, whatever the policy', () => {
  const policies = fc.record({
    attemptsMax: fc.integer({ min: 1, max: 10 }),
    budgetMs: fc.nat(5_000),
    delayMs: fc.integer({ min: 1, max: 1_000 }),
    delayMsMax: fc.integer({ min: 1, max: 2_000 }),
  });
  return fc.assert(
    fc.asyncProperty(policies, async (given) => {
      const { slept: _, ...at } = world();
      const attempt = async () => {
        expect(at.now()).toBeLessThanOrEqual(given.budgetMs);
        throw fail('venue_unavailable');
      };
      await expect(retry(given, attempt, at)).rejects.toThrow('venue_unavailable');
    }),
  );
});

test('waits lie between half and all of the doubled delay', () => {
  expect([1, 2, 3, 9].map((failures) => backOffMs(policy, failures, 0))).toEqual([
    50, 100, 150, 150,
  ]);
});
