import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createStrategy } from '../domain/strategies.ts';
import { StrategyRuns } from './strategy-runs.ts';
import type { RunOutcome } from './trader.ts';

const NOTHING: RunOutcome = { signal: undefined, order: undefined };
const silent = pino({ level: 'silent' });
const strategy = createStrategy('rsi_mean_reversion');

/** A trader that does as it is told, and says when it was called. */
function trader(outcomes: (() => Promise<RunOutcome>)[]) {
  const calls: string[] = [];
  const reached = Promise.withResolvers<void>();
  const run = async (_strategy: unknown, symbol: string) => {
    calls.push(symbol);
    if (calls.length > outcomes.length) reached.resolve();
    return outcomes[calls.length - 1]?.() ?? NOTHING;
  };
  return { calls, run, reached: reached.promise };
}

test('a run that fails is counted, and the next one comes', async () => {
  const fake = trader([() => Promise.reject(new Error('no market data')), async () => NOTHING]);
  const runs = new StrategyRuns(fake, silent);
  await runs.start(strategy, 'BTCUSDT', 1);
  await fake.reached;
  const run = await runs.stop(strategy.name);
  expect(run).toMatchObject({ symbol: 'BTCUSDT', failures: 1, signals: 0 });
  expect(run?.runs).toBeGreaterThanOrEqual(2);
  expect(runs.list()).toEqual([]);
});

test('one that is started again goes on with what is new, and once only', async () => {
  const fake = trader([async () => NOTHING]);
  const runs = new StrategyRuns(fake, silent);
  await runs.start(strategy, 'BTCUSDT', 3_600_000);
  await runs.start(strategy, 'ETHUSDT', 3_600_000);
  expect(runs.list().map(({ symbol }) => symbol)).toEqual(['ETHUSDT']);
  expect(fake.calls).toEqual(['BTCUSDT', 'ETHUSDT']);
  await runs.close();
  expect(runs.list()).toEqual([]);
});

test('to stop is to wait for the run under way', async () => {
  const { promise, resolve } = Promise.withResolvers<RunOutcome>();
  const fake = trader([() => promise]);
  const runs = new StrategyRuns(fake, silent);
  await runs.start(strategy, 'BTCUSDT', 1);
  let isStopped = false;
  const stopped = runs.stop(strategy.name).then(() => {
    isStopped = true;
  });
  await new Promise(setImmediate);
  expect(isStopped).toBe(false);
  resolve(NOTHING);
  await stopped;
  expect(await runs.stop('rsi_mean_reversion')).toBeUndefined();
});
