import type { Market } from '../venue/market.ts';
import type { Venue } from '../venue/venue.ts';
import * as messages from './market-messages.ts';

const DEPTH_INTERVAL_MS = 100;
const STREAM = /^([a-z0-9_.-]{1,20})@(trade|aggTrade|bookTicker|depth@100ms)$/;

export interface StreamSubscriber {
  /** @param data the event's JSON, made once for all subscribers */
  deliver(stream: string, data: string): void;
}

/**
 * The public streams of all markets: `<symbol>@trade`, `@aggTrade`, `@bookTicker`, `@depth@100ms`.
 */
export class MarketStreams {
  readonly #venue: Venue;
  readonly #subscribers = new Map<string, Set<StreamSubscriber>>();
  readonly #depthTimer: NodeJS.Timeout;

  constructor(venue: Venue) {
    this.#venue = venue;
    for (const market of venue.markets.values()) {
      market.listen((changed, { trades, best }) => {
        this.#publishTrades(changed, trades);
        if (best) this.#publish(changed, 'bookTicker', () => messages.bookTicker(changed, best));
      });
    }
    this.#depthTimer = setInterval(() => this.#publishDepth(), DEPTH_INTERVAL_MS);
  }

  exists(stream: string): boolean {
    const symbol = STREAM.exec(stream)?.[1];
    return symbol !== undefined && this.#venue.markets.has(symbol.toUpperCase());
  }

  subscribe(stream: string, subscriber: StreamSubscriber): void {
    const subscribers = this.#subscribers.get(stream);
    if (subscribers) subscribers.add(subscriber);
    else this.#subscribers.set(stream, new Set([subscriber]));
  }

  unsubscribe(stream: string, subscriber: StreamSubscriber): void {
    this.#subscribers.get(stream)?.delete(subscriber);
  }

  close(): void {
    clearInterval(this.#depthTimer);
  }

  #publishTrades(market: Market, trades: Parameters<typeof messages.aggregateTrades>[1]): void {
    if (trades.length === 0) return;
    const { instrument } = market;
    const nowMs = this.#venue.now();
    for (const trade of trades) {
      this.#publish(market, 'trade', () => messages.trade(instrument, trade, nowMs));
    }
    for (const aggregate of messages.aggregateTrades(instrument, trades)) {
      const event = { e: 'aggTrade', E: nowMs, s: instrument.symbol, ...aggregate };
      this.#publish(market, 'aggTrade', () => event);
    }
  }

  #publishDepth(): void {
    const nowMs = this.#venue.now();
    for (const market of this.#venue.markets.values()) {
      const change = market.takeDepthChange();
      if (!change) continue;
      const { instrument } = market;
      this.#publish(market, 'depth@100ms', () => messages.depthUpdate(instrument, change, nowMs));
    }
  }

  #publish(market: Market, kind: string, event: () => unknown): void {
    const stream = `${market.instrument.symbol.toLowerCase()}@${kind}`;
    const subscribers = this.#subscribers.get(stream);
    if (!subscribers || subscribers.size === 0) return;
    const data = JSON.stringify(event());
    for (const subscriber of subscribers) subscriber.deliver(stream, data);
  }
}
