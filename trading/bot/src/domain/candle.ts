/** A public trade. */
export interface Trade {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly priceTicks: bigint;
  readonly lots: bigint;
}

/** What was traded in one interval. */
export interface Candle {
  /** A multiple of the interval, in milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly openTicks: bigint;
  readonly highTicks: bigint;
  readonly lowTicks: bigint;
  readonly closeTicks: bigint;
  /** 0 when nothing was traded: the candle then stands at the last price. */
  readonly lots: bigint;
}

/**
 * Candles without gaps, oldest first. The interval of the last trade is left out, because it may
 * still be going on; so is all that is older than the newest `candlesMax`.
 *
 * @param trades oldest first
 */
export function candlesOf(
  trades: readonly Trade[],
  intervalMs: number,
  candlesMax: number,
): Candle[] {
  const startOf = ({ timeMs }: Trade): number => timeMs - (timeMs % intervalMs);
  const last = trades.at(-1);
  if (!last) return [];
  const endMs = startOf(last);
  const byStart = Map.groupBy(trades, startOf);
  const candles: Candle[] = [];
  let closeTicks: bigint | undefined;
  for (const [startMs, group] of byStart) {
    if (startMs >= endMs - candlesMax * intervalMs) break;
    closeTicks = group.at(-1)?.priceTicks;
  }
  const firstMs = Math.max(startOf(trades[0] ?? last), endMs - candlesMax * intervalMs);
  for (let startMs = firstMs; startMs < endMs; startMs += intervalMs) {
    const candle = candleOf(startMs, byStart.get(startMs) ?? [], closeTicks);
    if (!candle) continue;
    candles.push(candle);
    closeTicks = candle.closeTicks;
  }
  return candles;
}

/** @param before where the price stood, if that is known */
function candleOf(
  startMs: number,
  trades: readonly Trade[],
  before: bigint | undefined,
): Candle | undefined {
  const openTicks = trades[0]?.priceTicks ?? before;
  if (openTicks === undefined) return undefined;
  let [highTicks, lowTicks, lots] = [openTicks, openTicks, 0n];
  for (const trade of trades) {
    if (trade.priceTicks > highTicks) highTicks = trade.priceTicks;
    if (trade.priceTicks < lowTicks) lowTicks = trade.priceTicks;
    lots += trade.lots;
  }
  const closeTicks = trades.at(-1)?.priceTicks ?? openTicks;
  return { startMs, openTicks, highTicks, lowTicks, closeTicks, lots };
}
