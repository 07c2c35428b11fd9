import type { Candle } from './candle.ts';
import type { Finding, Strategy } from './strategy.ts';

export interface CrossoverParameters {
  /** Candles of the fast average; fewer than of the slow one. */
  readonly fast: number;
  readonly slow: number;
}

/** Averages this far apart, in ten-thousandths of the price, are all the confidence there can be. */
const FULL_CONFIDENCE_BPS = 20n;
const CONFIDENCE_MIN = 50n;

/**
 * Buys when the fast average of the closing prices crosses above the slow one, sells when it crosses
 * below. The averages are compared as fractions, so that nothing is rounded.
 */
export function movingAverageCrossover({ fast, slow }: CrossoverParameters): Strategy {
  return {
    name: 'moving_average_crossover',
    // One more: the averages of the candle before show whether they crossed.
    candlesMin: slow + 1,
    evaluate(candles) {
      const before = separation(candles.slice(0, -1), fast, slow);
      const now = separation(candles, fast, slow);
      if (before <= 0n && now > 0n) return finding('buy', candles, now, fast, slow);
      if (before >= 0n && now < 0n) return finding('sell', candles, -now, fast, slow);
      return undefined;
    },
  };
}

/** (fast average - slow average) x fast x slow. */
function separation(candles: readonly Candle[], fast: number, slow: number): bigint {
  return closesSum(candles, fast) * BigInt(slow) - closesSum(candles, slow) * BigInt(fast);
}

function finding(
  direction: Finding['direction'],
  candles: readonly Candle[],
  apart: bigint,
  fast: number,
  slow: number,
): Finding {
  const base = closesSum(candles, slow) * BigInt(fast);
  const bps = (apart * 10_000n) / base;
  const gained = ((100n - CONFIDENCE_MIN) * bps) / FULL_CONFIDENCE_BPS;
  const confidence = CONFIDENCE_MIN + gained;
  return { direction, confidence: Number(confidence > 100n ? 100n : confidence) };
}

function closesSum(candles: readonly Candle[], count: number): bigint {
  return candles.slice(-count).reduce((sum, { closeTicks }) => sum + closeTicks, 0n);
}
