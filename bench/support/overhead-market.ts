import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** Near to where the exchange's own market starts. */
const PRICES: readonly (readonly [symbol: string, price: number])[] = [
  ['BTCUSDT', 61_686],
  ['ETHUSDT', 2_690],
  ['SOLUSDT', 155],
];
/** Up and down so far in so many candles: the strategies decide often. */
const SWING = 0.003;
const PERIOD_CANDLES = 24;
const INTERVAL_MS = 2;

/** Market data at a fixed rate, by the clock; and when the tick was sent that closed a candle. */
export class Market {
  readonly symbols = PRICES.map(([symbol]) => symbol);
  readonly #server: WebSocketServer;
  readonly #candleMs: number;
  readonly #closedMs = new Map<string, number>();
  readonly #candles = new Map<string, number>();
  #socket: WebSocket | undefined;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(server: WebSocketServer, candleMs: number) {
    this.#server = server;
    this.#candleMs = candleMs;
    server.on('connection', (socket) => {
      this.#socket = socket;
    });
  }

  static async start(candleMs: number): Promise<Market> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return new Market(server, candleMs);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ticks so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Sends at this rate from now on, to whoever has connected last. */
  send(ticksPerSecond: number): void {
    this.pause();
    const startMs = performance.now();
    const before = this.#sent;
    this.#timer = setInterval(() => {
      const due = before + ((performance.now() - startMs) / 1_000) * ticksPerSecond;
      while (this.#sent < due) this.#send();
    }, INTERVAL_MS);
  }

  /** When the tick was sent that closed this candle, by the clock of `performance.now()`. */
  closedAtMs(symbol: string, candleStartMs: number): number | undefined {
    return this.#closedMs.get(`${symbol} ${candleStartMs}`);
  }

  pause(): void {
    clearInterval(this.#timer);
  }

  close(): void {
    this.pause();
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #send(): void {
    const [symbol = '', price = 0] = PRICES[this.#sent % PRICES.length] ?? [];
    this.#sent += 1;
    const timeMs = Date.now();
    const angle = (2 * Math.PI * timeMs) / (PERIOD_CANDLES * this.#candleMs);
    const now = (price * (1 + SWING * Math.sin(angle))).toFixed(2);
    const data = { e: 'trade', s: symbol, t: this.#sent, p: now, q: '0.01', T: timeMs, m: true };
    const frame = JSON.stringify({ stream: `${symbol.toLowerCase()}@trade`, data });
    const candle = timeMs - (timeMs % this.#candleMs);
    const before = this.#candles.get(symbol);
    if (before !== undefined && before < candle) {
      this.#closedMs.set(`${symbol} ${before}`, performance.now());
    }
    this.#candles.set(symbol, candle);
    this.#socket?.send(frame);
  }
}
