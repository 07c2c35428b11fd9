import { RSI } from 'trading-signals';
import type { Decision, Strategy } from './strategy.ts';

export interface RsiReversalOptions {
  /** Period in candles. Default 14. */
  readonly period?: number;
  /** Default 30 and 70. */
  readonly oversold?: number;
  readonly overbought?: number;
}

/** Buys when the market becomes oversold, sells when it becomes overbought, once each time. */
export class RsiReversal implements Strategy {
  readonly name = 'rsi';
  readonly #rsi: RSI;
  readonly #oversold: number;
  readonly #overbought: number;
  #zone: 'oversold' | 'middle' | 'overbought' = 'middle';

  constructor({ period = 14, oversold = 30, overbought = 70 }: RsiReversalOptions = {}) {
    this.#rsi = new RSI(period);
    this.#oversold = oversold;
    this.#overbought = overbought;
  }

  update(close: number): Decision | undefined {
    const rsi = this.#rsi.update(close, false);
    if (rsi === null || !Number.isFinite(rsi)) return undefined;
    const before = this.#zone;
    this.#zone =
      rsi < this.#oversold ? 'oversold' : rsi > this.#overbought ? 'overbought' : 'middle';
    if (this.#zone === before || this.#zone === 'middle') return undefined;
    return this.#zone === 'oversold'
      ? { direction: 'buy', confidence: Math.round(100 - rsi) }
      : { direction: 'sell', confidence: Math.round(rsi) };
  }
}
