import { setTimeout as sleep } from 'node:timers/promises';
import { getTracer } from '@throughline/sdk';
import { OrderError, type OrderErrorType } from '../domain/order-error.ts';

/** How often, and for how long in all, something is tried that may work in a moment. */
export interface RetryPolicy {
  readonly attemptsMax: number;
  /** Of all attempts and the waits between them; no attempt begins after it. */
  readonly budgetMs: number;
  /** The wait after the first failure; it doubles with each. */
  readonly delayMs: number;
  readonly delayMsMax: number;
}

/** What the retries see of the world. */
export interface RetryWorld {
  /** Milliseconds, from any point in time on. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** 0 to 1, 1 excluded. */
  readonly random: () => number;
}

const REAL_WORLD: RetryWorld = {
  now: () => performance.now(),
  sleep,
  random: Math.random,
};

const RETRYABLE: readonly OrderErrorType[] = [
  'rate_limited',
  'timeout',
  'venue_unavailable',
  'clock',
];

export function isRetryable(error: unknown): error is OrderError {
  return error instanceof OrderError && RETRYABLE.includes(error.errorType);
}

/**
 * Runs the attempt until it works, fails for good, or the policy is used up. The active span gets an
 * event for each wait. Where the exchange says how long to wait, it is waited so long; not less, and
 * not at all when the budget does not reach so far.
 *
 * @param attempt is told how many there were before
 * @throws whatever the last attempt threw
 */
export async function retry<T>(
  policy: RetryPolicy,
  attempt: (attemptsBefore: number) => Promise<T>,
  world: RetryWorld = REAL_WORLD,
): Promise<T> {
  const deadlineMs = world.now() + policy.budgetMs;
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt(attempts - 1);
    } catch (error) {
      if (!isRetryable(error) || attempts >= policy.attemptsMax) throw error;
      const waitMs = error.retryAfterMs ?? backOffMs(policy, attempts, world.random());
      if (world.now() + waitMs > deadlineMs) throw error;
      getTracer().addEvent('retry', {
        'retry.attempt': attempts,
        'retry.delay_ms': waitMs,
        'order.error_type': error.errorType,
      });
      await world.sleep(waitMs);
    }
  }
}

/** Between half and all of the doubled delay, so that those who failed together do not come back so. */
export function backOffMs(policy: RetryPolicy, failures: number, random: number): number {
  const fullMs = Math.min(policy.delayMs * 2 ** (failures - 1), policy.delayMsMax);
  return Math.round(fullMs * (0.5 + random / 2));
}
