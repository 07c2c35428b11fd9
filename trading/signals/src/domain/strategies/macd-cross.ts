import { EMA, MACD } from 'trading-signals';
import { confidenceOf, type Decision, type Strategy } from './strategy.ts';

export interface MacdCrossOptions {
  /** Periods in candles. Default 12, 26 and 9. */
  readonly short?: number;
  readonly long?: number;
  readonly signal?: number;
}

/**
 * Buys when the MACD rises above its signal line, sells when it falls below. It is the surer, the
 * further the histogram jumped, in usual sizes of the histogram.
 */
export class MacdCross implements Strategy {
  readonly name = 'macd';
  readonly #macd: MACD;
  /** Of the histogram's size, above or below zero. */
  readonly #size: EMA;
  readonly #candlesMin: number;
  #candles = 0;
  #last: number | undefined;

  constructor({ short = 12, long = 26, signal = 9 }: MacdCrossOptions = {}) {
    this.#macd = new MACD(new EMA(short), new EMA(long), new EMA(signal));
    this.#size = new EMA(long);
    this.#candlesMin = long + signal;
  }

  update(close: number): Decision | undefined {
    this.#candles += 1;
    const histogram = this.#macd.update(close, false)?.histogram;
    if (histogram === undefined || histogram === 0) return undefined;
    const last = this.#last;
    this.#last = histogram;
    const size = this.#size.update(Math.abs(histogram), false);
    // Before the signal line has seen its period, it crosses for no reason of the market's.
    if (last === undefined || this.#candles < this.#candlesMin) return undefined;
    if (histogram > 0 === last > 0) return undefined;
    const confidence = confidenceOf(Math.abs(histogram - last) / size);
    return { direction: histogram > 0 ? 'buy' : 'sell', confidence };
  }
}
