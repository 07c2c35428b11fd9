import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model';
import type { Chain } from '../feed/chain.ts';
import { QuotePublisher } from '../feed/quote-publisher.ts';
import type { ServiceParts } from '../transport/transport.ts';

/** What a client sees of a backfill. */
export interface Backfill {
  readonly id: string;
  readonly recording: string;
  readonly state: 'running' | 'completed' | 'failed' | 'stopped';
  /** Quotes in all, and those that are sent. */
  readonly total: number;
  readonly sent: number;
  readonly started_at: string;
  readonly ended_at?: string;
  /** Why it failed. */
  readonly reason?: string;
}

/** Sends under way at once. */
const SENDS_MAX = 16;
/** Backfills remembered; the oldest goes first. */
const REMEMBERED_MAX = 100;
const LOGGED_EVERY = 500;

/**
 * Sends recordings once more, to be priced and stored. Quotes keep the time of the recording: a
 * backfill that is repeated, or goes on where another stopped, writes the same rows.
 */
export class Backfills {
  readonly #publisher: QuotePublisher;
  readonly #logger: ServiceParts['logger'];
  readonly #recordings: ReadonlyMap<string, Chain>;
  readonly #backfills = new Map<string, Backfill>();
  readonly #onSent: () => void;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: ServiceParts, recordings: readonly Chain[]) {
    this.#publisher = new QuotePublisher(parts);
    this.#logger = parts.logger;
    this.#recordings = new Map(recordings.map((chain) => [chain.name, chain]));
    const name = 'historical_backfill_quotes_sent_total';
    const sent = parts.metrics.counter(name, 'Quotes sent by backfills.');
    this.#onSent = () => sent.inc();
  }

  get recordings(): readonly string[] {
    return [...this.#recordings.keys()];
  }

  /**
   * Starts a backfill; one at a time, so that it leaves room for the live feed.
   *
   * @throws ThroughlineError `TL_NOT_FOUND` for a recording that is not there, `TL_OVERLOADED` while
   *   another runs
   */
  start(recording: string, quotesMax: number): Backfill {
    const chain = this.#recordings.get(recording);
    if (!chain) {
      const hint = `The recordings are ${this.recordings.join(', ')}.`;
      throw new ThroughlineError('TL_NOT_FOUND', `no recording ${recording}`, { hint });
    }
    if (this.#running) throw new ThroughlineError('TL_OVERLOADED', 'another backfill is running');
    const backfill: Backfill = {
      id: randomUUID(),
      recording,
      state: 'running',
      total: Math.min(quotesMax, chain.entries.length),
      sent: 0,
      started_at: new Date().toISOString(),
    };
    this.#remember(backfill);
    // Not below the request, which ends long before: each quote is a trace that links to it.
    this.#running = this.#run(backfill, chain).finally(() => {
      this.#running = undefined;
    });
    return backfill;
  }

  /** @throws ThroughlineError `TL_NOT_FOUND` */
  get(id: string): Backfill {
    const backfill = this.#backfills.get(id);
    if (backfill) return backfill;
    throw new ThroughlineError('TL_NOT_FOUND', 'no such backfill');
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run({ id, total }: Backfill, chain: Chain): Promise<void> {
    const cause = trace.getActiveSpan()?.spanContext();
    const entries = chain.entries.slice(0, total).values();
    let sent = 0;
    const sendSome = async (): Promise<void> => {
      for (const entry of entries) {
        if (this.#isStopped) return;
        await this.#publisher.publish(chain, entry, chain.quotedAt, cause);
        sent += 1;
        this.#onSent();
        this.#update(id, { sent });
        if (sent % LOGGED_EVERY === 0) this.#logger.info({ id, sent, total }, 'backfill progress');
      }
    };
    try {
      await Promise.all(Array.from({ length: SENDS_MAX }, sendSome));
      this.#end(id, sent === total ? 'completed' : 'stopped');
    } catch (error) {
      this.#update(id, { reason: String(error) });
      this.#end(id, 'failed');
    }
  }

  #end(id: string, state: Backfill['state']): void {
    this.#update(id, { state, ended_at: new Date().toISOString() });
    this.#logger.info({ ...this.get(id) }, 'backfill ended');
  }

  #update(id: string, change: Partial<Backfill>): void {
    const backfill = this.#backfills.get(id);
    if (backfill) this.#backfills.set(id, { ...backfill, ...change });
  }

  #remember(backfill: Backfill): void {
    const [oldest] = this.#backfills.keys();
    if (oldest !== undefined && this.#backfills.size >= REMEMBERED_MAX) {
      this.#backfills.delete(oldest);
    }
    this.#backfills.set(backfill.id, backfill);
  }
}
