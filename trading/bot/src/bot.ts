import { setTimeout as sleep } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Decimal } from '@throughline/model';
import type { Logger } from 'pino';
import { ExchangeClient } from './exchange/exchange-client.ts';
import type { RetryPolicy } from './exchange/retry.ts';
import type { Credentials } from './exchange/signing.ts';
import { createApi } from './http/api.ts';
import { openDatabase } from './storage/database.ts';
import { type OrderRecord, OrderStore } from './storage/order-store.ts';
import { Confirmation } from './workflow/confirmation.ts';
import { StrategyRuns } from './workflow/strategy-runs.ts';
import { Trader } from './workflow/trader.ts';

export interface BotOptions {
  /** Base of the exchange's REST paths. */
  readonly exchangeUrl: string;
  readonly credentials: Credentials;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Without it PostgreSQL runs inside the process. */
  readonly postgresUrl: string | undefined;
  readonly dataFolder: string | undefined;
  /** What an order of full confidence is worth, in the quote asset. */
  readonly orderNotional: Decimal;
  /** The most that the position in one symbol may be worth. */
  readonly positionMax: Decimal;
  /** How far limits go past the best price, in ten-thousandths; below 0 orders rest. */
  readonly slippageBps: number;
  readonly candleMs: number;
  /** How long an order may stay open. */
  readonly openMsMax: number;
  /** For one request to the exchange, which takes it no later either. */
  readonly requestTimeoutMs: number;
  readonly retry: RetryPolicy;
  /** How often orders are looked for that were left open. */
  readonly resumeMs: number;
  readonly logger: Logger;
  /** Called with each order of a run as the run left it. */
  readonly countOrder: (order: OrderRecord) => void;
}

export interface Bot {
  readonly url: string;
  /** Ends what is under way, cancels what is open, then closes the database. */
  close(): Promise<void>;
}

/**
 * Starts the bot: the database, the exchange, the workflow between them, then the door for clients.
 *
 * @throws OrderError `TL_EXCHANGE_UNAVAILABLE`; what `pg` throws; an error of `listen`
 */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { logger } = options;
  const database = await openDatabase({
    postgresUrl: options.postgresUrl,
    dataFolder: options.dataFolder,
    onError: (error) => logger.error({ err: error }, 'a database connection broke'),
  });
  try {
    return await startWithStore(options, new OrderStore(database.pool), database.close);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function startWithStore(
  options: BotOptions,
  store: OrderStore,
  closeDatabase: () => Promise<void>,
): Promise<Bot> {
  const { exchangeUrl: url, credentials, requestTimeoutMs, retry, logger } = options;
  const exchange = new ExchangeClient({ url, credentials, requestTimeoutMs, retry });
  await exchange.connect();
  const confirmation = new Confirmation({
    exchange,
    store,
    logger,
    openMsMax: options.openMsMax,
    settledMs: 2 * requestTimeoutMs,
  });
  const trader = new Trader({
    exchange,
    store,
    confirmation,
    logger,
    sizing: { notional: options.orderNotional, slippageBps: options.slippageBps },
    positionMax: options.positionMax,
    candleMs: options.candleMs,
    countOrder: options.countOrder,
  });
  const runs = new StrategyRuns(trader, logger);
  const api = createApi({ trader, runs, exchange, store, logger });
  const address = await api.listen({ host: options.host, port: options.port });
  const stopResuming = resumeEvery(options.resumeMs, confirmation, logger);
  return {
    url: address,
    async close() {
      confirmation.stop();
      await Promise.all([api.close(), runs.close(), stopResuming()]);
      await confirmation.sent();
      await closeDatabase();
    },
  };
}

/** @returns ends it, once the round under way is over */
function resumeEvery(
  intervalMs: number,
  confirmation: Confirmation,
  logger: Logger,
): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await confirmation.resume().catch((error) => {
        logger.error({ err: error }, 'open orders could not be looked for');
      });
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const ended = context.with(ROOT_CONTEXT, loop);
  return () => {
    stopping.abort();
    return ended;
  };
}
