import type { Candle } from './candle.ts';
import type { Strategy } from './strategy.ts';

export interface RsiParameters {
  /** Changes from candle to candle that the index is made of. */
  readonly period: number;
  /** Buys at this index and below, 0 to 100. */
  readonly oversold: number;
  /** Sells at this index and above, 0 to 100. */
  readonly overbought: number;
}

const CONFIDENCE_MIN = 50;

/**
 * Relative strength index with simple averages (Cutler's form: it does not depend on where the
 * series begins). Buys what fell too far and sells what rose too far.
 */
export function rsiMeanReversion({ period, oversold, overbought }: RsiParameters): Strategy {
  return {
    name: 'rsi_mean_reversion',
    candlesMin: period + 1,
    evaluate(candles) {
      const index = relativeStrengthIndex(candles, period);
      if (index <= oversold)
        return { direction: 'buy', confidence: share(oversold - index, oversold) };
      if (index < overbought) return undefined;
      return { direction: 'sell', confidence: share(index - overbought, 100 - overbought) };
    },
  };
}

/** 0 to 100, rounded down to whole points; 50 when the price did not move. */
export function relativeStrengthIndex(candles: readonly Candle[], period: number): number {
  const closes = candles.slice(-(period + 1)).map(({ closeTicks }) => closeTicks);
  let [gains, losses] = [0n, 0n];
  for (const [index, close] of closes.entries()) {
    const change = close - (closes[index - 1] ?? close);
    if (change > 0n) gains += change;
    else losses -= change;
  }
  return gains + losses === 0n ? 50 : Number((100n * gains) / (gains + losses));
}

/** From {@link CONFIDENCE_MIN} at the threshold to 100 where the index cannot go further. */
function share(beyond: number, room: number): number {
  if (room === 0) return CONFIDENCE_MIN;
  return CONFIDENCE_MIN + Math.floor(((100 - CONFIDENCE_MIN) * beyond) / room);
}
