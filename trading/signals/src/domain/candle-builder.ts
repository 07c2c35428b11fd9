import { addDecimals, compareDecimals, formatDecimal, parseDecimal } from '@throughline/model';
import type { Candle, TradeTick } from '../messages.ts';

/**
 * Builds the candles of one symbol from its trades, by the trades' own times: a recording gives the
 * same candles at any speed. A candle is closed by the first trade after its interval; an interval
 * without trades has none.
 */
export class CandleBuilder {
  readonly #intervalMs: number;
  #current: Candle | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /**
   * Takes a trade in. One that is older than the candle under way is left out: its candle is closed
   * and was acted on.
   *
   * @returns the candle that this trade closed
   */
  add(tick: TradeTick): Candle | undefined {
    const startMs = tick.time_ms - (tick.time_ms % this.#intervalMs);
    const current = this.#current;
    if (current && startMs < current.start_ms) return undefined;
    if (current && startMs === current.start_ms) {
      this.#current = extended(current, tick);
      return undefined;
    }
    const { symbol, price, quantity } = tick;
    this.#current = {
      symbol,
      start_ms: startMs,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: quantity,
      trades: 1,
    };
    return current;
  }
}

function extended(candle: Candle, { price, quantity }: TradeTick): Candle {
  return {
    ...candle,
    high: compare(price, candle.high) > 0 ? price : candle.high,
    low: compare(price, candle.low) < 0 ? price : candle.low,
    close: price,
    volume: formatDecimal(addDecimals(parseDecimal(candle.volume), parseDecimal(quantity))),
    trades: candle.trades + 1,
  };
}

function compare(left: string, right: string): number {
  return compareDecimals(parseDecimal(left), parseDecimal(right));
}
