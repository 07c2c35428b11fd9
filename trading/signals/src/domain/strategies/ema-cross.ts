import { EMA } from 'trading-signals';
import { confidenceOf, type Decision, type Strategy } from './strategy.ts';

export interface EmaCrossOptions {
  /** Periods in candles. Default 9 and 21. */
  readonly fast?: number;
  readonly slow?: number;
}

/**
 * Buys when the fast moving average crosses the slow one upwards, sells when it does so downwards.
 * It is the surer of a cross, the further the price is off the slow average, in usual moves.
 */
export class EmaCross implements Strategy {
  readonly name = 'ema_cross';
  readonly #fast: EMA;
  readonly #slow: EMA;
  /** Of the moves from candle to candle, up or down. */
  readonly #move: EMA;
  #lastClose: number | undefined;
  /** Of the last candle where the two differed. */
  #wasAbove: boolean | undefined;

  constructor({ fast = 9, slow = 21 }: EmaCrossOptions = {}) {
    this.#fast = new EMA(fast);
    this.#slow = new EMA(slow);
    this.#move = new EMA(slow);
  }

  update(close: number): Decision | undefined {
    const fast = this.#fast.update(close, false);
    const slow = this.#slow.update(close, false);
    const move = this.#move.update(Math.abs(close - (this.#lastClose ?? close)), false);
    this.#lastClose = close;
    if (!this.#slow.isStable || fast === slow) return undefined;
    const isAbove = fast > slow;
    const hasCrossed = this.#wasAbove !== undefined && this.#wasAbove !== isAbove;
    this.#wasAbove = isAbove;
    if (!hasCrossed) return undefined;
    const confidence = confidenceOf(Math.abs(close - slow) / move);
    return { direction: isAbove ? 'buy' : 'sell', confidence };
  }
}
