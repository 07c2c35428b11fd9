import { writeFileSync } from 'node:fs';

export interface MarketRecording {
  readonly ticks: number;
  readonly ticksPerSecond: number;
}

/** Prices that the exchange's own market is near to. */
const PRICES: readonly (readonly [symbol: string, price: number])[] = [
  ['BTCUSDT', 61_686],
  ['ETHUSDT', 2_690],
];
/** How far and how often the price goes up and down: strategies decide on every turn. */
const SWING = 0.002;
const SWING_TICKS = 700;
const NS_PER_S = 1_000_000_000;

/** Writes a recording of trades at a fixed rate, as `socket-client --replay` reads it. */
export function writeMarketRecording(
  path: string,
  { ticks, ticksPerSecond }: MarketRecording,
): void {
  const lines = Array.from({ length: ticks }, (_, index) => {
    const [symbol = '', price = 0] = PRICES[index % PRICES.length] ?? [];
    const now = price * (1 + SWING * Math.sin((2 * Math.PI * index) / SWING_TICKS));
    const data = { e: 'trade', s: symbol, p: now.toFixed(2), q: '0.01', m: index % 2 === 0 };
    const receivedNs = NS_PER_S + Math.round((index * NS_PER_S) / ticksPerSecond);
    return `${receivedNs} ${JSON.stringify({ stream: `${symbol.toLowerCase()}@trade`, data })}\n`;
  });
  writeFileSync(path, lines.join(''));
}
