import type { Candle } from './candle.ts';

export type Side = 'buy' | 'sell';

/** What a strategy sees in the market. */
export interface Finding {
  readonly direction: Side;
  /** 0 to 100, whole. */
  readonly confidence: number;
}

/** Looks at closed candles and says when to trade. Pure: the same candles, the same finding. */
export interface Strategy {
  readonly name: string;
  /** With fewer candles it has nothing to say. */
  readonly candlesMin: number;
  /** @param candles oldest first, at least `candlesMin` */
  evaluate(candles: readonly Candle[]): Finding | undefined;
}
