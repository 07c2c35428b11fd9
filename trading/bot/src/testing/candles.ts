import type { Candle } from '../domain/candle.ts';

/** Candles that closed at these prices, in ticks. */
export function closedAt(closes: readonly number[]): Candle[] {
  return closes.map((close, index) => {
    const ticks = BigInt(close);
    return {
      startMs: index * 1_000,
      openTicks: ticks,
      highTicks: ticks,
      lowTicks: ticks,
      closeTicks: ticks,
      lots: 1n,
    };
  });
}
