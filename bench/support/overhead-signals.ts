import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { startNats } from '../../scripts/provision/nats.ts';
import { Market } from './overhead-market.ts';
import { exportedBytes, type Mode, Services, type Usage } from './overhead-services.ts';
import { Wire } from './overhead-wire.ts';

export interface SignalsSetting {
  readonly exchangeRest: string;
  readonly receiverUrl: string;
  readonly ticksPerSecond: number;
  readonly seconds: number;
}

/** What the system `signals` did for some seconds. */
export interface SignalsRun {
  readonly ticksPerSecond: number;
  /** By service. */
  readonly usage: Readonly<Record<string, Usage>>;
  readonly ticks: number;
  /** From the tick that closed a candle to the confirmation of the order, each signal's. */
  readonly latenciesMs: readonly number[];
  readonly wireBytesPerMessage: number;
  readonly exportBytesPerSecond: number;
  /** Messages that the services dropped or could not process. */
  readonly errors: number;
}

/** In the order in which a tick meets them. */
export const SIGNALS_SERVICES: readonly string[] = [
  'socket-client',
  'data-manager',
  'realtime-strategies',
  'ta-bot',
  'tradeengine',
];

const CANDLE_MS = 50;
/** A service runs for days: until its code is compiled it gets more messages than it is measured with. */
const WARM_UP_MS = 8_000;
const WARM_UP_RATE = 2_000;
const SETTLE_MS = 500;

/** The five services of `signals` on a NATS server of their own, all traced in one way. */
export class SignalsBench {
  readonly #setting: SignalsSetting;
  readonly #parts: Awaited<ReturnType<typeof startParts>>;
  readonly #health: readonly string[];
  #latenciesMs: number[] = [];

  private constructor(
    setting: SignalsSetting,
    parts: Awaited<ReturnType<typeof startParts>>,
    health: readonly string[],
  ) {
    this.#setting = setting;
    this.#parts = parts;
    this.#health = health;
    parts.connection.subscribe('order.confirmed', {
      callback: (_, message) => this.#confirm(message.json<{ signal_id: string }>().signal_id),
    });
  }

  /** Starts the services and lets them work until they are warm. */
  static async start(mode: Mode, setting: SignalsSetting): Promise<SignalsBench> {
    const parts = await startParts(mode, setting);
    const health = await startServices(parts, setting.exchangeRest);
    parts.market.send(WARM_UP_RATE);
    await delay(WARM_UP_MS);
    parts.market.pause();
    return new SignalsBench(setting, parts, health);
  }

  /** Feeds them by the clock and takes their measure. */
  async run(): Promise<SignalsRun> {
    const { market, services } = this.#parts;
    const failed = await errorsOf(this.#health);
    market.send(this.#setting.ticksPerSecond);
    await delay(SETTLE_MS);
    this.#latenciesMs = [];
    const before = await this.#counts();
    const usage = services.measure();
    const startMs = performance.now();
    await delay(this.#setting.seconds * 1_000);
    const used = usage();
    const elapsedS = (performance.now() - startMs) / 1_000;
    const after = await this.#counts();
    market.pause();
    await delay(SETTLE_MS);
    const ticks = after.ticks - before.ticks;
    return {
      ticksPerSecond: ticks / elapsedS,
      usage: used,
      ticks,
      latenciesMs: this.#latenciesMs,
      wireBytesPerMessage: (after.bytes - before.bytes) / (after.messages - before.messages),
      exportBytesPerSecond: (after.exported - before.exported) / elapsedS,
      errors: (await errorsOf(this.#health)) - failed,
    };
  }

  async stop(): Promise<void> {
    const { market, services, wire, connection, nats } = this.#parts;
    market.close();
    wire.close();
    await services.stop();
    await connection.close();
    await nats.stop();
  }

  #confirm(signalId: string): void {
    const [, symbol = '', candleStart] = signalId.split('-');
    const closedMs = this.#parts.market.closedAtMs(symbol, Number(candleStart));
    if (closedMs !== undefined) this.#latenciesMs.push(performance.now() - closedMs);
  }

  async #counts() {
    const { market, wire } = this.#parts;
    const { bytes, messages } = wire;
    const exported = await exportedBytes(this.#setting.receiverUrl);
    return { exported, ticks: market.sent, bytes, messages };
  }
}

async function startParts(mode: Mode, { receiverUrl }: SignalsSetting) {
  const nats = await startNats();
  return {
    nats,
    market: await Market.start(CANDLE_MS),
    services: new Services(mode, receiverUrl),
    connection: await connect({ servers: nats.url }),
    wire: await Wire.subscribe(nats.url, 'market.data'),
  };
}

/** @returns where their metrics are */
async function startServices(
  { services, market, nats }: Awaited<ReturnType<typeof startParts>>,
  exchangeRest: string,
): Promise<string[]> {
  const start = async (name: string, ...args: string[]): Promise<string> => {
    const script = `trading/signals/src/${name}/main.ts`;
    const all = ['--nats', nats.url, ...args];
    return (await services.start<{ health: string }>(name, script, all)).health;
  };
  const candles = ['--candle-ms', String(CANDLE_MS)];
  const limits = [
    ...['--confidence-min', '0', '--position-max', '100000000', '--notional-max', '100000'],
    ...['--orders-per-minute-max', '100000'],
  ];
  const stream = ['--exchange-ws', market.url, '--symbols', market.symbols.join(',')];
  const readers = await Promise.all([
    start('data-manager', ...candles),
    start('realtime-strategies', ...candles),
    start('ta-bot', '--analysis-ms', '1000', '--analysis-ticks', '1000'),
    start('tradeengine', '--exchange-rest', exchangeRest, ...limits),
  ]);
  return [...readers, await start('socket-client', ...stream)];
}

const ERRORS = /^signals_messages_(?:dropped|failed)_total\{.*\} (\d+)$/gm;

async function errorsOf(health: readonly string[]): Promise<number> {
  const texts = await Promise.all(
    health.map(async (url) => (await fetch(`${url}/metrics`)).text()),
  );
  const counts = texts.flatMap((text) => [...text.matchAll(ERRORS)]);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
