import { setTimeout as sleep } from 'node:timers/promises';
import { type Chain, type ChainEntry, chainAsOf } from '../feed/chain.ts';
import { QuotePublisher } from '../feed/quote-publisher.ts';
import type { ServiceParts } from '../transport/transport.ts';

export interface IngestionOptions {
  readonly chain: Chain;
  readonly quotesPerSecond: number;
  /** Quotes until it stops sending; 0: without end. */
  readonly quotesMax: number;
  /** Which of several instances this one is, and of how many: each has contracts of its own. */
  readonly shard: { readonly index: number; readonly count: number };
}

/** Then the feed waits for the broker, and makes up for it later. */
const SENDS_UNDER_WAY_MAX = 100;

/** A feed that is running. */
export interface Ingestion {
  /** Settles when the last quote is sent, or it was stopped. */
  readonly done: Promise<void>;
  /** Sends no more; what is on its way goes out. */
  stop(): Promise<void>;
}

/**
 * The service `ingestion`: quotes its share of the chain's contracts, one after the other and round
 * again, as if the chain had been made today.
 */
export function startIngestion(parts: ServiceParts, options: IngestionOptions): Ingestion {
  const { logger, metrics } = parts;
  const { quotesPerSecond, quotesMax, shard } = options;
  const chain = chainAsOf(options.chain, new Date());
  const entries = chain.entries.filter((_, index) => index % shard.count === shard.index);
  const publisher = new QuotePublisher(parts);
  const sent = metrics.counter('ingestion_quotes_sent_total', 'Quotes that Kafka has taken.');
  const failed = metrics.counter('ingestion_quotes_failed_total', 'Quotes that it did not take.');
  const stop = new AbortController();

  const underWay = new Set<Promise<void>>();

  const publish = async (entry: ChainEntry): Promise<void> => {
    try {
      await publisher.publish(chain, entry, new Date());
      sent.inc();
    } catch (error) {
      // A later quote of the contract takes its place.
      failed.inc();
      logger.warn({ err: error }, 'a quote could not be sent');
    }
  };

  const publishAll = async (): Promise<void> => {
    const startMs = performance.now();
    for (let count = 0; count !== (quotesMax || -1) && !stop.signal.aborted; count += 1) {
      const entry = entries[count % entries.length];
      if (!entry) return;
      // By the clock, not from quote to quote: what one took longer the next ones make up for.
      const waitMs = startMs + (count / quotesPerSecond) * 1_000 - performance.now();
      if (waitMs > 0)
        await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      const publishing = publish(entry).finally(() => underWay.delete(publishing));
      underWay.add(publishing);
      if (underWay.size >= SENDS_UNDER_WAY_MAX) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    logger.info({ quotes: quotesMax }, 'all quotes are sent');
  };

  const done = publishAll();
  return {
    done,
    async stop() {
      stop.abort();
      await done;
      await Promise.all(underWay);
    },
  };
}
