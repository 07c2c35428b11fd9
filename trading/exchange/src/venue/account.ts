import type { TimeInForce } from '../engine/matching-engine.ts';
import type { Side } from '../engine/order-book.ts';
import type { Instrument } from '../instruments.ts';
import { Balances } from './balances.ts';

/** Who may trade, and with what. Amounts are decimal strings. */
export interface AccountOptions {
  readonly apiKey: string;
  readonly secret: string;
  readonly balances: Readonly<Record<string, string>>;
}

/** The account of a simulator started without accounts. */
export const DEMO_ACCOUNT: AccountOptions = {
  apiKey: 'throughline-demo-key',
  secret: 'throughline-demo-secret',
  balances: { USDT: '100000000000', BTC: '1000000', ETH: '10000000', SOL: '100000000' },
};

export type OrderStatus =
  | 'NEW'
  | 'PARTIALLY_FILLED'
  | 'FILLED'
  | 'CANCELED'
  | 'REJECTED'
  | 'EXPIRED';

/** A client's order as the venue keeps it, from acceptance on. */
export interface ClientOrder {
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly account: Account;
  readonly instrument: Instrument;
  readonly side: Side;
  /** Undefined for a market order. */
  readonly priceTicks: bigint | undefined;
  readonly timeInForce: TimeInForce;
  readonly lots: bigint;
  readonly createdMs: number;
  updatedMs: number;
  status: OrderStatus;
  cumLots: bigint;
  /** Quote units (10^-8) traded so far. */
  cumQuoteUnits: bigint;
  /** What is still set aside of the asset it pays with. */
  lockedUnits: bigint;
  /** The client order id of the request that canceled it. */
  cancelId: string | undefined;
  readonly fills: ClientFill[];
}

/** A client's side of one trade. */
export interface ClientFill {
  readonly order: ClientOrder;
  readonly tradeId: number;
  readonly priceTicks: bigint;
  readonly lots: bigint;
  readonly quoteUnits: bigint;
  /** What the venue kept of what the order received, in units of that asset (10^-8). */
  readonly commissionUnits: bigint;
  readonly isMaker: boolean;
  readonly timeMs: number;
}

/**
 * Closed orders and fills that an account can still look up; older ones are forgotten, and counted.
 */
const CLOSED_ORDERS_MAX = 10_000;
const FILLS_MAX = 10_000;

/** An account: its key, its funds, its orders and its fills. */
export class Account {
  readonly apiKey: string;
  readonly secret: string;
  readonly balances: Balances;
  ordersForgotten = 0;
  fillsForgotten = 0;
  readonly #openOrders = new Map<number, ClientOrder>();
  readonly #closedOrders = new Map<number, ClientOrder>();
  readonly #byClientOrderId = new Map<string, ClientOrder>();
  #fills: ClientFill[] = [];

  constructor(options: AccountOptions) {
    this.apiKey = options.apiKey;
    this.secret = options.secret;
    this.balances = new Balances(options.balances);
  }

  get openCount(): number {
    return this.#openOrders.size;
  }

  isOpen(order: ClientOrder): boolean {
    return this.#openOrders.has(order.orderId);
  }

  /** Oldest first. */
  openOrders(): ClientOrder[] {
    return [...this.#openOrders.values()];
  }

  /** All orders that are still known, oldest first. */
  orders(): ClientOrder[] {
    return [...this.#closedOrders.values(), ...this.#openOrders.values()].sort(
      (left, right) => left.orderId - right.orderId,
    );
  }

  /** All fills that are still known, oldest first. */
  fills(): readonly ClientFill[] {
    return this.#fills;
  }

  order(orderId: number): ClientOrder | undefined {
    return this.#openOrders.get(orderId) ?? this.#closedOrders.get(orderId);
  }

  /** The newest order with this client order id. */
  orderByClientId(clientOrderId: string): ClientOrder | undefined {
    return this.#byClientOrderId.get(clientOrderId);
  }

  addOrder(order: ClientOrder): void {
    this.#openOrders.set(order.orderId, order);
    this.#byClientOrderId.set(order.clientOrderId, order);
  }

  addFill(fill: ClientFill): void {
    this.#fills.push(fill);
    // Trimming in blocks keeps the cost of a fill constant.
    if (this.#fills.length < FILLS_MAX * 2) return;
    this.fillsForgotten += FILLS_MAX;
    this.#fills = this.#fills.slice(FILLS_MAX);
  }

  closeOrder(order: ClientOrder): void {
    this.#openOrders.delete(order.orderId);
    this.#closedOrders.set(order.orderId, order);
    if (this.#closedOrders.size <= CLOSED_ORDERS_MAX) return;
    const [oldest] = this.#closedOrders.values();
    if (!oldest) return;
    this.#closedOrders.delete(oldest.orderId);
    if (this.#byClientOrderId.get(oldest.clientOrderId) === oldest) {
      this.#byClientOrderId.delete(oldest.clientOrderId);
    }
    this.ordersForgotten += 1;
  }
}
