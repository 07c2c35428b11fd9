import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startNats } from '../../scripts/provision/nats.ts';
import { type ExchangeProcess, startExchangeProcess } from './exchange-process.ts';
import { type CollectedSpan, type Collector, startCollector } from './orders-collector.ts';
import { type ReadyProcess, startProcess } from './process.ts';

export type SignalsService =
  | 'socket-client'
  | 'data-manager'
  | 'realtime-strategies'
  | 'ta-bot'
  | 'tradeengine';

/** A message as a plain subscriber sees it. */
export interface SeenMessage {
  readonly subject: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the tests look into is what they test
  readonly payload: any;
  readonly traceparent: string;
}

const WAIT_MS = 60_000;
/** Tests that wait for spans need not wait long. */
const FAST = { OTEL_BSP_SCHEDULE_DELAY: '200' };
const SUBJECTS = ['market.data', 'signals.trading', 'candles.closed', 'order.confirmed'];

/** A broker, an exchange and a collector, for services that run as processes of their own. */
export class SignalsSystem {
  readonly nats: Awaited<ReturnType<typeof startNats>>;
  readonly exchange: ExchangeProcess;
  readonly collector: Collector;
  readonly seen: SeenMessage[] = [];
  readonly #watcher: NatsConnection;
  readonly #services: ReadyProcess<unknown>[] = [];

  private constructor(
    nats: SignalsSystem['nats'],
    exchange: ExchangeProcess,
    collector: Collector,
    watcher: NatsConnection,
  ) {
    this.nats = nats;
    this.exchange = exchange;
    this.collector = collector;
    this.#watcher = watcher;
    for (const subject of SUBJECTS) {
      watcher.subscribe(subject, {
        callback: (_, message) => {
          const traceparent = message.headers?.get('traceparent') ?? '';
          this.seen.push({ subject, payload: message.json(), traceparent });
        },
      });
    }
  }

  static async start(): Promise<SignalsSystem> {
    const [nats, exchange, collector] = await Promise.all([
      startNats(),
      startExchangeProcess(['--flow-rate', '200']),
      startCollector(),
    ]);
    const watcher = await connect({
      servers: nats.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    return new SignalsSystem(nats, exchange, collector, watcher);
  }

  /** Starts one service; of its environment only what is given differs. */
  async startService(
    service: SignalsService,
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ReadyProcess<unknown>> {
    const script = `trading/signals/src/${service}/main.ts`;
    const flags = ['--nats', this.nats.url, ...args];
    return this.#start(script, flags, environment);
  }

  /** Starts the five, those that read before the one that writes. */
  async startAll(
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const candles = ['--candle-ms', '50'];
    const limits = ['--confidence-min', '0', '--position-max', '1000000'];
    const rate = ['--orders-per-minute-max', '100000'];
    await Promise.all([
      this.startService('data-manager', [...candles, ...args], environment),
      this.startService('realtime-strategies', [...candles, ...args], environment),
      this.startService('ta-bot', ['--analysis-ms', '500', ...args], environment),
      this.startService('tradeengine', [
        ...['--exchange-rest', this.exchange.rest, ...limits, ...rate],
        ...args,
      ]),
    ]);
    const { port } = new URL(this.exchange.rest);
    await this.startService(
      'socket-client',
      ['--exchange-ws', `ws://127.0.0.1:${port}`, ...args],
      environment,
    );
  }

  /** Starts all five in one process. */
  startInOneProcess(args: readonly string[]): Promise<ReadyProcess<unknown>> {
    const { port } = new URL(this.exchange.rest);
    const exchange = ['--exchange-rest', this.exchange.rest];
    const market = ['--exchange-ws', `ws://127.0.0.1:${port}`];
    return this.#start('trading/signals/src/main.ts', [...exchange, ...market, ...args]);
  }

  /** Waits until the broker has answered: it does not stand still, and has passed on what it had. */
  async heard(): Promise<void> {
    await this.#watcher.flush();
  }

  seenOn(subject: string): SeenMessage[] {
    return this.seen.filter((message) => message.subject === subject);
  }

  /** @returns all spans, after the services have sent them and ended */
  async stopServices(): Promise<readonly CollectedSpan[]> {
    const codes = await Promise.all(this.#services.splice(0).map((service) => service.stop()));
    if (codes.some((code) => code !== 0)) throw new Error(`exit codes ${codes}`);
    return this.collector.spans;
  }

  /** The next test sees nothing of this one: a signal that nobody took on would be stale by then. */
  async forget(): Promise<void> {
    this.collector.spans.length = 0;
    this.seen.length = 0;
    const manager = await jetstreamManager(this.#watcher, { timeout: WAIT_MS });
    await manager.streams.purge('SIGNALS').catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all(this.#services.splice(0).map((service) => service.stop('SIGKILL')));
    await this.#watcher.close();
    await this.exchange.stop();
    await this.nats.stop();
    await this.collector.close();
  }

  async #start(
    script: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ReadyProcess<unknown>> {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: this.collector.url, ...FAST, ...environment };
    const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const flags = ['--exit-with-parent', ...args];
    const service = await startProcess(script, flags, ['env', ...assignments]);
    this.#services.push(service);
    return service;
  }
}

/** Waits for what will become true. */
export async function until(isDone: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
