import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { exportedBytes, type Mode, Services, type Usage } from './overhead-services.ts';

export interface OrdersSetting {
  readonly exchange: { readonly rest: string; readonly wsApi: string };
  readonly receiverUrl: string;
  readonly seconds: number;
}

/** What the system `orders` did for some seconds. */
export interface OrdersRun {
  readonly orders: number;
  readonly usage: Readonly<Record<string, Usage>>;
  /** From the sending of an order to its final update at the client, each order's. */
  readonly latenciesMs: readonly number[];
  readonly exportBytesPerSecond: number;
  /** Orders that were not filled. */
  readonly errors: number;
}

/** As many as fill a batch: none waits for others. */
const BURST_ORDERS = 8;
const BURST_INTERVAL_MS = 100;
const QUANTITY = '0.001';
const WARM_UP_S = 6;
const SETTLE_MS = 1_000;
const FINAL = ['filled', 'canceled', 'rejected', 'expired'];

/** A client's view of its orders. */
class Client {
  latenciesMs: number[] = [];
  errors = 0;
  sent = 0;
  readonly #socket: WebSocket;
  readonly #sentMs = new Map<string, number>();
  readonly #run = Date.now().toString(36);

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(data.toString()));
  }

  static async connect(url: string): Promise<Client> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new Client(socket);
  }

  /** Orders whose final state is not known. */
  get open(): number {
    return this.#sentMs.size;
  }

  sendBurst(side: 'buy' | 'sell'): void {
    for (let count = 0; count < BURST_ORDERS; count += 1) {
      this.sent += 1;
      const id = `${this.#run}-${this.sent}`;
      this.#sentMs.set(id, performance.now());
      const ids = { user_id: `user-${count}`, client_order_id: id };
      const terms = { symbol: 'BTCUSDT', side, order_type: 'market', quantity: QUANTITY };
      this.#socket.send(JSON.stringify({ type: 'order.new', ...ids, ...terms }));
    }
  }

  close(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    const { client_order_id: id, status, type } = JSON.parse(text);
    const sentMs = this.#sentMs.get(id);
    if (sentMs === undefined || !(FINAL.includes(status) || type === 'error')) return;
    this.#sentMs.delete(id);
    this.latenciesMs.push(performance.now() - sentMs);
    if (status !== 'filled') this.errors += 1;
  }
}

/** The system `orders`, traced in one way. */
export class OrdersBench {
  readonly #setting: OrdersSetting;
  readonly #services: Services;
  readonly #client: Client;

  private constructor(setting: OrdersSetting, services: Services, client: Client) {
    this.#setting = setting;
    this.#services = services;
    this.#client = client;
  }

  /** Starts the system and lets it work until it is warm. */
  static async start(mode: Mode, setting: OrdersSetting): Promise<OrdersBench> {
    const { exchange, receiverUrl } = setting;
    const services = new Services(mode, receiverUrl);
    const args = ['--exchange-rest', exchange.rest, '--exchange-ws-api', exchange.wsApi];
    const script = 'trading/orders/src/main.ts';
    const { wsUrl } = await services.start<{ wsUrl: string }>('orders', script, args);
    const client = await Client.connect(wsUrl);
    await sendFor(client, WARM_UP_S);
    return new OrdersBench(setting, services, client);
  }

  /** Sends bursts of market orders by the clock and takes the system's measure. */
  async run(): Promise<OrdersRun> {
    const { receiverUrl, seconds } = this.#setting;
    const client = this.#client;
    const first = client.sent;
    const failed = client.errors + client.open;
    client.latenciesMs = [];
    const exported = await exportedBytes(receiverUrl);
    const usage = this.#services.measure();
    await sendFor(client, seconds);
    const used = usage();
    const exportBytesPerSecond = ((await exportedBytes(receiverUrl)) - exported) / seconds;
    await delay(SETTLE_MS);
    return {
      orders: client.sent - first,
      usage: used,
      latenciesMs: client.latenciesMs,
      exportBytesPerSecond,
      errors: client.errors + client.open - failed,
    };
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.#services.stop();
  }
}

async function sendFor(client: Client, seconds: number): Promise<void> {
  const startMs = performance.now();
  for (let burst = 0; burst * BURST_INTERVAL_MS < seconds * 1_000; burst += 1) {
    const waitMs = startMs + burst * BURST_INTERVAL_MS - performance.now();
    if (waitMs > 0) await delay(waitMs);
    client.sendBurst(burst % 2 === 0 ? 'buy' : 'sell');
  }
}
