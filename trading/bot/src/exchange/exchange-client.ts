import { setTimeout as sleep } from 'node:timers/promises';
import type { Instrument } from '@throughline/instruments';
import type { Decimal } from '@throughline/model';
import type { Trade } from '../domain/candle.ts';
import type { Order, Quote } from '../domain/order.ts';
import { errorTypeOf, OrderError } from '../domain/order-error.ts';
import type { Pair } from '../domain/pair.ts';
import { ExchangeClock } from './exchange-clock.ts';
import {
  accountSchema,
  aggregateTradesSchema,
  bookTickerSchema,
  exchangeInfoSchema,
  freeOf,
  type OrderReport,
  orderSchema,
  pairOf,
  placeParameters,
  quoteOf,
  reportOf,
  tradesOf,
} from './messages.ts';
import { type Method, Rest } from './rest.ts';
import { isRetryable, type RetryPolicy, retry } from './retry.ts';
import type { Credentials } from './signing.ts';

export interface ExchangeClientOptions {
  readonly url: string;
  readonly credentials: Credentials;
  readonly requestTimeoutMs: number;
  readonly retry: RetryPolicy;
}

/** What is known of a request that may have reached the exchange. */
interface Sent {
  /** The exchange takes it no more after this time of `performance.now()`. */
  readonly deadMs: number;
}

const TRADES_MAX = 1_000;
const ASK_AGAIN_MS = 50;

/**
 * The exchange, as the workflow sees it: questions are repeated while that may help, orders are never
 * placed twice.
 */
export class ExchangeClient {
  readonly #rest: Rest;
  readonly #clock = new ExchangeClock();
  readonly #policy: RetryPolicy;
  readonly #receiveWindowMs: number;
  readonly #instruments = new Map<string, Pair>();

  constructor(options: ExchangeClientOptions) {
    // Who waits no longer for an answer does not want the order either.
    this.#receiveWindowMs = options.requestTimeoutMs;
    this.#policy = options.retry;
    this.#rest = new Rest({
      ...options,
      clock: this.#clock,
      receiveWindowMs: this.#receiveWindowMs,
    });
  }

  /** Learns the instruments and the exchange's time. @throws OrderError */
  async connect(): Promise<void> {
    const none = new URLSearchParams();
    const { symbols } = await retry(this.#policy, () =>
      this.#rest.get('/api/v3/exchangeInfo', none, exchangeInfoSchema),
    );
    for (const info of symbols) this.#instruments.set(info.symbol, pairOf(info));
    await retry(this.#policy, () => this.#rest.synchronize());
  }

  /** @throws OrderError `unknown_symbol` */
  instrument(symbol: string): Pair {
    const instrument = this.#instruments.get(symbol);
    if (instrument) return instrument;
    throw new OrderError('unknown_symbol', `the exchange does not trade ${symbol}`);
  }

  /** The latest public trades, oldest first. @throws OrderError */
  async trades(instrument: Instrument): Promise<Trade[]> {
    const { symbol } = instrument;
    const parameters = new URLSearchParams({ symbol, limit: String(TRADES_MAX) });
    const trades = await retry(this.#policy, () =>
      this.#rest.get('/api/v3/aggTrades', parameters, aggregateTradesSchema),
    );
    return tradesOf(instrument, trades);
  }

  /** @throws OrderError */
  async quote(instrument: Instrument): Promise<Quote> {
    const parameters = new URLSearchParams({ symbol: instrument.symbol });
    const ticker = await retry(this.#policy, () =>
      this.#rest.get('/api/v3/ticker/bookTicker', parameters, bookTickerSchema),
    );
    return quoteOf(instrument, ticker);
  }

  /** What is free to be spent, by asset. @throws OrderError */
  async balances(): Promise<Map<string, Decimal>> {
    const account = await retry(this.#policy, () =>
      this.#rest.signed('GET', '/api/v3/account', new URLSearchParams(), accountSchema),
    );
    return freeOf(account);
  }

  /**
   * Places the order. When an attempt fails in a way that leaves open whether the order arrived, the
   * exchange is asked for it by our id; only an order that is not there, and cannot arrive any more,
   * is sent again.
   *
   * @throws OrderError; after a retryable one nobody knows whether the order is there
   */
  async placeOrder(order: Order, instrument: Instrument): Promise<OrderReport> {
    let sent: Sent | undefined;
    return retry(this.#policy, async (attemptsBefore) => {
      if (attemptsBefore > 0) {
        const found = await this.#findSent(order, instrument, sent);
        if (found) return found;
      }
      sent = { deadMs: this.#deadMs() };
      try {
        return await this.#order('POST', placeParameters(order, instrument), instrument);
      } catch (error) {
        const errorType = errorTypeOf(error);
        // Not taken: there is nothing on its way. A 5xx or a silence says no such thing.
        if (errorType === 'rate_limited' || errorType === 'clock') sent = undefined;
        // An attempt before arrived after all.
        if (errorType === 'duplicate') return this.orderById(order, instrument);
        throw error;
      }
    });
  }

  /** The order by our id. @throws OrderError `unknown_order` when the exchange does not have it */
  orderById({ id, symbol }: Pick<Order, 'id' | 'symbol'>, instrument: Instrument) {
    const parameters = new URLSearchParams({ symbol, origClientOrderId: id });
    return retry(this.#policy, () => this.#order('GET', parameters, instrument));
  }

  /** Cancels what is open of the order. @returns the order as it ended, filled perhaps */
  async cancelOrder(order: Pick<Order, 'id' | 'symbol'>, instrument: Instrument) {
    const { id, symbol } = order;
    const parameters = new URLSearchParams({ symbol, origClientOrderId: id });
    try {
      return await this.#order('DELETE', parameters, instrument);
    } catch (error) {
      // It ended a moment ago, or the answer was lost: either way the order itself says how it is.
      if (!isRetryable(error) && errorTypeOf(error) !== 'unknown_order') throw error;
      return this.orderById(order, instrument);
    }
  }

  async #order(method: Method, parameters: URLSearchParams, instrument: Instrument) {
    const answer = await this.#rest.signed(method, '/api/v3/order', parameters, orderSchema);
    return reportOf(instrument, answer);
  }

  /** @returns undefined when the order is not there and will not come */
  async #findSent(
    order: Order,
    instrument: Instrument,
    sent: Sent | undefined,
  ): Promise<OrderReport | undefined> {
    const parameters = new URLSearchParams({ symbol: order.symbol, origClientOrderId: order.id });
    for (;;) {
      const isDead = sent === undefined || performance.now() > sent.deadMs;
      try {
        return await this.#order('GET', parameters, instrument);
      } catch (error) {
        if (errorTypeOf(error) !== 'unknown_order') throw error;
        if (isDead) return undefined;
      }
      await sleep(ASK_AGAIN_MS);
    }
  }

  #deadMs(): number {
    return performance.now() + this.#receiveWindowMs + 2 * this.#clock.uncertaintyMs;
  }
}
