import { setTimeout as delay } from 'node:timers/promises';
import {
  formatPrice,
  formatQuantity,
  type Instruments,
  instrumentOf,
  parsePrice,
  parseQuantity,
} from '@throughline/instruments';
import { ThroughlineError } from '@throughline/model';
import { type BookTicker, fetchBookTickers, fetchInstruments } from '../exchange-client/rest.ts';
import { LoadBook, type LoadedOrder } from './load-book.ts';
import { type Amend, LoadClient, type LoadUpdate } from './load-client.ts';
import {
  OrderMix,
  type OrderTerms,
  type PlannedTerms,
  type PlanShares,
  type Quote,
} from './order-mix.ts';
import { Random } from './random.ts';

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
  /** Shares of orders that are canceled, replaced or expire. Default: none. */
  readonly plans?: PlanShares;
  /** How long orders may stay without a final state after the last was sent. Default 30,000. */
  readonly finalTimeoutMs?: number;
  /** Called at most four times a second, and once at the end. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly sent: number;
  readonly final: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

export interface LoadResult extends LoadProgress {
  readonly orders: readonly LoadedOrder[];
  /** What the clients were told that does not add up: empty, or there is a defect. */
  readonly defects: readonly string[];
}

const CONNECTIONS_MAX = 16;
const FINAL_TIMEOUT_MS = 30_000;
const TICK_MS = 10;
const PROGRESS_INTERVAL_MS = 250;
const QUOTES_INTERVAL_MS = 1_000;
/** How long after an order the client changes its mind, or the order expires, at most. */
const PLAN_MS_MIN = 150;
const PLAN_MS_MAX = 600;

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
  readonly #book = new LoadBook();
  /** Of plans. */
  readonly #random: Random;
  readonly #planned = new Set<NodeJS.Timeout>();
  readonly #runId = Date.now().toString(36);
  #instruments: Instruments = new Map();
  #quotes: Quote[] = [];
  /** Orders sent; those that replace others are not among them. */
  #sent = 0;
  #progressMs = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#mix = new OrderMix(options.seed, options.plans);
    this.#random = new Random(options.seed);
  }

  async connect(): Promise<void> {
    const { wsUrl, exchangeRestUrl, users, connections = CONNECTIONS_MAX } = this.#options;
    this.#instruments = await fetchInstruments(exchangeRestUrl);
    await this.#refreshQuotes();
    const listener = {
      onNumber: (userId: string, sequence: number) => this.#book.number(userId, sequence),
      onUpdate: (update: LoadUpdate) => this.#book.update(update),
      onCancelRejected: (requestId: string) => this.#book.refuse(requestId),
      onRefusal: (id: string) => this.#book.refuse(id),
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
    while (this.#sent < orders) {
      const nowMs = performance.now();
      const due = Math.floor(((nowMs - startMs) / 1_000) * ratePerSecond) + 1;
      while (this.#sent < Math.min(due, orders)) {
        const burst = this.#mix.burst(this.#quotes);
        for (const terms of burst.slice(0, orders - this.#sent)) this.#sendOne(terms);
      }
      this.#progress();
      if (nowMs - quotesMs > QUOTES_INTERVAL_MS) {
        quotesMs = nowMs;
        await this.#refreshQuotes();
      }
      await delay(TICK_MS);
    }
  }

  /** Waits until every order is final and every request answered, or the time is over. */
  async settle(): Promise<void> {
    const deadlineMs = performance.now() + (this.#options.finalTimeoutMs ?? FINAL_TIMEOUT_MS);
    while (!this.#isSettled && performance.now() < deadlineMs) {
      this.#progress();
      await delay(TICK_MS);
    }
    this.#progressMs = 0;
    this.#progress();
  }

  result(): LoadResult {
    const { orders, defects } = this.#book;
    return { ...this.#counts(), orders, defects };
  }

  close(): void {
    for (const timer of this.#planned) clearTimeout(timer);
    for (const client of this.#clients) client.close();
  }

  get #isSettled(): boolean {
    return this.#planned.size === 0 && this.#book.isSettled;
  }

  #sendOne({ plan, ...terms }: PlannedTerms): void {
    this.#sent += 1;
    const user = (this.#sent * 7919) % this.#options.users;
    const ids = {
      user_id: `user-${String(user + 1).padStart(3, '0')}`,
      client_order_id: `${this.#runId}-${this.#sent}`,
    };
    const client = this.#clients[user % this.#clients.length];
    this.#book.add(ids);
    const delayMs = this.#random.between(PLAN_MS_MIN, PLAN_MS_MAX);
    const expire_time = new Date(Date.now() + delayMs).toISOString();
    const gtd = { time_in_force: 'gtd', expire_time } as const;
    const message = { type: 'order.new', ...ids, ...terms, ...(plan === 'expire' && gtd) } as const;
    if (!client?.send(message)) {
      this.#book.refuse(ids.client_order_id);
      return;
    }
    if (plan === 'cancel') this.#amendLater(client, delayMs, ids, {});
    if (plan === 'replace') this.#amendLater(client, delayMs, ids, this.#otherTerms(terms));
  }

  /** @param terms of a replace; without any it is a cancel */
  #amendLater(
    client: LoadClient,
    delayMs: number,
    { user_id, client_order_id: orderId }: Pick<LoadedOrder, 'user_id' | 'client_order_id'>,
    terms: Pick<Amend, 'quantity' | 'price'>,
  ): void {
    const type = terms.quantity === undefined ? 'cancel' : 'replace';
    const requestId = `${orderId}-${type}`;
    const timer = setTimeout(() => {
      this.#planned.delete(timer);
      this.#book.amend(orderId, { type, requestId });
      const ids = { user_id, client_order_id: requestId, orig_client_order_id: orderId };
      if (!client.send({ type: `order.${type}`, ...ids, ...terms })) this.#book.refuse(requestId);
    }, delayMs);
    this.#planned.add(timer);
  }

  /** Half as much again, for one tick more. */
  #otherTerms({ symbol, quantity, price }: OrderTerms): Pick<Amend, 'quantity' | 'price'> {
    const instrument = instrumentOf(this.#instruments, symbol);
    const lots = parseQuantity(instrument, quantity) ?? 0n;
    const ticks = parsePrice(instrument, price ?? '') ?? 0n;
    return {
      quantity: formatQuantity(instrument, lots + (lots + 1n) / 2n),
      price: formatPrice(instrument, ticks + 1n),
    };
  }

  #counts(): LoadProgress {
    const { size, final, byStatus } = this.#book;
    return { sent: size, final, byStatus };
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
