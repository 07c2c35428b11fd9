import { confidenceOf, type Decision } from './strategy.ts';

export const MEAN_REVERSION = 'mean_reversion';

const TICKS_MIN = 10;
/** How far the last price has to be off the mean, in standard deviations. */
const DEVIATIONS_MIN = 1.5;

/**
 * Looks at a batch of prices, oldest first: buys when the last is far below their mean, sells when
 * it is far above. Floating point, as all statistics here.
 */
export function decideByMean(prices: readonly number[]): Decision | undefined {
  const last = prices.at(-1);
  if (last === undefined || prices.length < TICKS_MIN) return undefined;
  const mean = prices.reduce((sum, price) => sum + price, 0) / prices.length;
  const variance = prices.reduce((sum, price) => sum + (price - mean) ** 2, 0) / prices.length;
  if (variance === 0) return undefined;
  const deviations = (last - mean) / Math.sqrt(variance);
  if (Math.abs(deviations) < DEVIATIONS_MIN) return undefined;
  const confidence = confidenceOf(Math.abs(deviations));
  return { direction: deviations < 0 ? 'buy' : 'sell', confidence };
}
