import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import { type Instruments, parsePrice } from '../domain/instrument.ts';
import { type BookTicker, fetchBookTickers, fetchInstruments } from '../exchange-client/rest.ts';
import { LoadClient } from './load-client.ts';
import { OrderMix, type OrderTerms, type Quote } from './order-mix.ts';

export interface LoadOptions {
  /** Where the gateway listens. */
  readonly wsUrl: string;
  /** Where prices come from. */
  readonly exchangeRestUrl: string;
  readonly orders: number;
  readonly ratePerSecond: number;
  readonly users: number;
  /** Of the mix: the same seed gives the same orders at the same prices. */
  readonly seed: number;
  /** WebSocket connections, shared by the users. Default: one a user, at most 16. */
  readonly connections?: number;
  /** How long orders may stay without a final state after the last was sent. Default 30,000. */
  readonly finalTimeoutMs?: number;
  /** Called at most four times a second, and once at the end. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/**
 * `open`: not final yet; `refused`: not taken by the gateway; else the terminal status that the
 * client heard.
 */
type LoadStatus = 'open' | 'refused' | (string & {});

export interface LoadProgress {
  readonly sent: number;
  readonly final: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

/** An order as its client sees it, in the words of the protocol. */
export interface LoadedOrder {
  readonly user_id: string;
  readonly client_order_id: string;
  readonly status: LoadStatus;
  readonly cum_quantity: string;
}

export interface LoadResult extends LoadProgress {
  readonly orders: readonly LoadedOrder[];
}

const CONNECTIONS_MAX = 16;
const FINAL_TIMEOUT_MS = 30_000;
const TICK_MS = 10;
const PROGRESS_INTERVAL_MS = 250;
const QUOTES_INTERVAL_MS = 1_000;
const TERMINAL = new Set(['filled', 'canceled', 'rejected', 'expired', 'refused']);

/**
 * Acts as many clients: sends orders at a steady rate and follows each to its final state.
 *
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE`, `TL_DEMO_FAILED` when no gateway listens
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const run = new LoadRun(options);
  try {
    await run.connect();
    await run.send();
    await run.settle();
  } finally {
    run.close();
  }
  return run.result();
}

class LoadRun {
  readonly #options: LoadOptions;
  readonly #mix: OrderMix;
  readonly #clients: LoadClient[] = [];
  /** By order id, which is unique over all users and runs. */
  readonly #orders = new Map<string, LoadedOrder>();
  readonly #byStatus = new Map<string, number>();
  readonly #runId = Date.now().toString(36);
  #instruments: Instruments = new Map();
  #quotes: Quote[] = [];
  #final = 0;
  #progressMs = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#mix = new OrderMix(options.seed);
  }

  async connect(): Promise<void> {
    const { wsUrl, exchangeRestUrl, users, connections = CONNECTIONS_MAX } = this.#options;
    this.#instruments = await fetchInstruments(exchangeRestUrl);
    await this.#refreshQuotes();
    const listener = {
      onUpdate: (orderId: string, status: string, cum_quantity: string) =>
        this.#note(orderId, { status, cum_quantity }),
      onRefusal: (orderId: string) => this.#note(orderId, { status: 'refused' }),
    };
    for (let count = Math.min(users, connections); count > 0; count -= 1) {
      this.#clients.push(await LoadClient.connect(wsUrl, listener));
    }
  }

  /** Sends all orders, at the rate on average, or as near to it as this process comes. */
  async send(): Promise<void> {
    const { orders, ratePerSecond } = this.#options;
    const startMs = performance.now();
    let quotesMs = startMs;
    while (this.#orders.size < orders) {
      const nowMs = performance.now();
      const due = Math.floor(((nowMs - startMs) / 1_000) * ratePerSecond) + 1;
      while (this.#orders.size < Math.min(due, orders)) {
        const burst = this.#mix.burst(this.#quotes);
        for (const terms of burst.slice(0, orders - this.#orders.size)) this.#sendOne(terms);
      }
      this.#progress();
      if (nowMs - quotesMs > QUOTES_INTERVAL_MS) {
        quotesMs = nowMs;
        await this.#refreshQuotes();
      }
      await delay(TICK_MS);
    }
  }

  /** Waits until every order is final, or the time is over. */
  async settle(): Promise<void> {
    const deadlineMs = performance.now() + (this.#options.finalTimeoutMs ?? FINAL_TIMEOUT_MS);
    while (this.#final < this.#orders.size && performance.now() < deadlineMs) {
      this.#progress();
      await delay(TICK_MS);
    }
    this.#progressMs = 0;
    this.#progress();
  }

  result(): LoadResult {
    return { ...this.#counts(), orders: [...this.#orders.values()] };
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #sendOne(terms: OrderTerms): void {
    const sequence = this.#orders.size + 1;
    const user = (sequence * 7919) % this.#options.users;
    const ids = {
      user_id: `user-${String(user + 1).padStart(3, '0')}`,
      client_order_id: `${this.#runId}-${sequence}`,
    };
    const client = this.#clients[user % this.#clients.length];
    this.#orders.set(ids.client_order_id, { ...ids, status: 'open', cum_quantity: '0' });
    this.#byStatus.set('open', (this.#byStatus.get('open') ?? 0) + 1);
    if (!client?.send({ type: 'order.new', ...ids, ...terms })) {
      this.#note(ids.client_order_id, { status: 'refused' });
    }
  }

  #note(orderId: string, news: Pick<LoadedOrder, 'status'> & Partial<LoadedOrder>): void {
    const order = this.#orders.get(orderId);
    if (!order || TERMINAL.has(order.status)) return;
    const isFinal = TERMINAL.has(news.status);
    this.#orders.set(orderId, { ...order, ...news, status: isFinal ? news.status : 'open' });
    if (!isFinal) return;
    this.#final += 1;
    this.#byStatus.set('open', (this.#byStatus.get('open') ?? 0) - 1);
    this.#byStatus.set(news.status, (this.#byStatus.get(news.status) ?? 0) + 1);
  }

  #counts(): LoadProgress {
    const shown = [...this.#byStatus].filter(([, count]) => count > 0);
    return { sent: this.#orders.size, final: this.#final, byStatus: Object.fromEntries(shown) };
  }

  #progress(): void {
    const nowMs = performance.now();
    if (nowMs - this.#progressMs < PROGRESS_INTERVAL_MS) return;
    this.#progressMs = nowMs;
    this.#options.onProgress?.(this.#counts());
  }

  /** Keeps the last quotes when the exchange has none: prices then are merely old. */
  async #refreshQuotes(): Promise<void> {
    const tickers = await fetchBookTickers(this.#options.exchangeRestUrl);
    const quotes = tickers.flatMap((ticker) => quoteOf(ticker, this.#instruments));
    if (quotes.length > 0) this.#quotes = quotes;
    if (this.#quotes.length === 0) {
      throw new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', 'no symbol has both a bid and an ask');
    }
  }
}

function quoteOf(ticker: BookTicker, instruments: Instruments): Quote[] {
  const instrument = instruments.get(ticker.symbol);
  if (!instrument) return [];
  const bidTicks = parsePrice(instrument, ticker.bidPrice) ?? 0n;
  const askTicks = parsePrice(instrument, ticker.askPrice) ?? 0n;
  return bidTicks > 0n && askTicks > 0n ? [{ instrument, bidTicks, askTicks }] : [];
}
