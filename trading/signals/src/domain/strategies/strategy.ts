/** What a strategy wants to do. */
export interface Decision {
  readonly direction: 'buy' | 'sell';
  /** From 0 to 100; whole. */
  readonly confidence: number;
}

/**
 * Looks at the candles of one symbol as they close. Indicators are statistics and computed in
 * floating point; no price or quantity of an order ever comes from them.
 */
export interface Strategy {
  /** As in the span's name: `signal_generation.<name>`. */
  readonly name: string;
  /** @returns what to do now that a candle closed at this price; undefined: nothing */
  update(close: number): Decision | undefined;
}

/** The confidence of something that is `times` as large as usual: 50 for 0, 100 from 4 on; whole. */
export function confidenceOf(times: number): number {
  return Math.round(50 + 50 * Math.min(1, times / 4));
}
