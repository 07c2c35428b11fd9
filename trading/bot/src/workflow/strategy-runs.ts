import { setTimeout as sleep } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Strategy } from '../domain/strategy.ts';
import type { Trader } from './trader.ts';

/** A strategy that runs again and again. */
export interface StrategyRun {
  readonly strategy: string;
  readonly symbol: string;
  /** From the end of one run to the start of the next. */
  readonly intervalMs: number;
  readonly startedAt: Date;
  readonly runs: number;
  readonly signals: number;
  /** Runs that could not look at the market. */
  readonly failures: number;
}

interface ActiveRun {
  state: StrategyRun;
  readonly stopping: AbortController;
  readonly ended: Promise<void>;
}

/** Runs strategies on a timer, each in one symbol at a time. */
export class StrategyRuns {
  readonly #trader: Pick<Trader, 'run'>;
  readonly #logger: Logger;
  readonly #active = new Map<string, ActiveRun>();

  constructor(trader: Pick<Trader, 'run'>, logger: Logger) {
    this.#trader = trader;
    this.#logger = logger;
  }

  list(): StrategyRun[] {
    return [...this.#active.values()].map(({ state }) => state);
  }

  /** Starts a strategy; one that runs already is stopped first, and goes on with what is new. */
  async start(strategy: Strategy, symbol: string, intervalMs: number): Promise<StrategyRun> {
    await this.stop(strategy.name);
    const state: StrategyRun = {
      strategy: strategy.name,
      symbol,
      intervalMs,
      startedAt: new Date(),
      runs: 0,
      signals: 0,
      failures: 0,
    };
    const stopping = new AbortController();
    const run = { state, stopping, ended: Promise.resolve() };
    // Every run is a trace of its own, not part of the request that started the strategy.
    const ended = context.with(ROOT_CONTEXT, () => this.#loop(run, strategy));
    this.#active.set(strategy.name, Object.assign(run, { ended }));
    return state;
  }

  /** Waits for the run under way. @returns the run that was stopped; undefined when there was none */
  async stop(name: string): Promise<StrategyRun | undefined> {
    const run = this.#active.get(name);
    if (!run) return undefined;
    this.#active.delete(name);
    run.stopping.abort();
    await run.ended;
    return run.state;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#active.keys()].map((name) => this.stop(name)));
  }

  async #loop(run: Omit<ActiveRun, 'ended'>, strategy: Strategy): Promise<void> {
    const { signal } = run.stopping;
    while (!signal.aborted) {
      const { symbol, intervalMs, runs, signals, failures } = run.state;
      try {
        const outcome = await this.#trader.run(strategy, symbol);
        run.state = { ...run.state, runs: runs + 1, signals: signals + (outcome.signal ? 1 : 0) };
      } catch (error) {
        run.state = { ...run.state, runs: runs + 1, failures: failures + 1 };
        this.#logger.error({ err: error, strategy: strategy.name, symbol }, 'a run failed');
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
