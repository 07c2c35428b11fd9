import type { SpanContext } from '@opentelemetry/api';
import type { OrderIds } from '../domain/client-order.ts';
import { type ClientOrder, clientOrderKey } from '../domain/client-order.ts';
import {
  isTerminal,
  newOrderState,
  type OrderState,
  type OrderStatus,
  type TerminalStatus,
} from '../domain/order-state.ts';
import { OrderRefusal } from '../domain/reason.ts';
import { BoundedMap } from './bounded-map.ts';
import type { ReplaceOrder } from './requests.ts';

export interface OrderDeskLimits {
  /** Open orders of one user. */
  readonly userOrdersMax: number;
  /** Open orders of all users: the bound of every queue behind. */
  readonly ordersMax: number;
  /** Ended orders whose ids are still known as used; older ones may come again. */
  readonly endedOrdersMax: number;
}

export interface OrderDeskStats {
  readonly ordersOpen: number;
  readonly ordersAccepted: number;
  /** Orders that ended, by their terminal status. */
  readonly byStatus: Readonly<Record<TerminalStatus, number>>;
}

/** What an open order waits for: to end for its client, or because its time is over. */
export type PendingRequest =
  | { readonly type: 'cancel'; readonly requestId: string }
  | { readonly type: 'replace'; readonly requestId: string; readonly replace: ReplaceOrder }
  | { readonly type: 'expiry' };

/** An order with what the gateway knows of it. */
export interface DeskOrder {
  readonly order: ClientOrder;
  /** Of its `client_order_received`. */
  readonly begin: SpanContext;
  /** What the orders that it replaced had filled. */
  readonly chainCumLots: bigint;
  /** The order that it replaced. */
  readonly origClientOrderId: string | undefined;
}

/** An order that has not ended. */
export interface OpenOrder extends DeskOrder {
  state: OrderState;
  /** The price of its last fill. */
  lastTicks: bigint | undefined;
  pending: PendingRequest | undefined;
}

/**
 * Which client orders are open. An order id is used once within its user. Owns no socket.
 */
export class OrderDesk {
  readonly #limits: OrderDeskLimits;
  readonly #open = new Map<string, OpenOrder>();
  readonly #openByUser = new Map<string, number>();
  readonly #ended: BoundedMap<TerminalStatus>;
  readonly #byStatus = { filled: 0, canceled: 0, replaced: 0, rejected: 0, expired: 0 };
  #ordersAccepted = 0;

  constructor(limits: OrderDeskLimits) {
    this.#limits = limits;
    this.#ended = new BoundedMap(limits.endedOrdersMax);
  }

  stats(): OrderDeskStats {
    return {
      ordersOpen: this.#open.size,
      ordersAccepted: this.#ordersAccepted,
      byStatus: { ...this.#byStatus },
    };
  }

  find(ids: OrderIds): OpenOrder | undefined {
    return this.#open.get(clientOrderKey(ids));
  }

  /** Where an order stands; undefined for one that is not known, or not any more. */
  statusOf(ids: OrderIds): OrderStatus | undefined {
    return this.find(ids)?.state.status ?? this.#ended.get(clientOrderKey(ids));
  }

  /** @throws OrderRefusal when the id was used, or too many orders are open */
  check(order: OrderIds): void {
    if (this.statusOf(order) !== undefined) {
      const message = `user ${order.userId} has used the order id ${order.clientOrderId} before`;
      throw new OrderRefusal('duplicate_order', message);
    }
    const { userOrdersMax, ordersMax } = this.#limits;
    const ofUser = this.#openByUser.get(order.userId) ?? 0;
    if (ofUser >= userOrdersMax) throw overloaded(`${userOrdersMax} orders of ${order.userId}`);
    if (this.#open.size >= ordersMax) throw overloaded(`${ordersMax} orders`);
  }

  /** Takes on an order that {@link check} lets pass. */
  add(added: DeskOrder): OpenOrder {
    const { order } = added;
    const state = newOrderState(order.lots);
    const open: OpenOrder = { ...added, state, lastTicks: undefined, pending: undefined };
    this.#open.set(clientOrderKey(order), open);
    this.#openByUser.set(order.userId, (this.#openByUser.get(order.userId) ?? 0) + 1);
    this.#ordersAccepted += 1;
    return open;
  }

  /** Takes on an order of an earlier process, as that left it. */
  restore({ state, ...added }: DeskOrder & { readonly state: OrderState }): void {
    this.add(added).state = state;
  }

  /**
   * Notes where an order stands now.
   *
   * @returns the order; undefined for one that is not open
   */
  update(order: OrderIds, state: OrderState): OpenOrder | undefined {
    const key = clientOrderKey(order);
    const open = this.#open.get(key);
    if (!open) return undefined;
    open.state = state;
    if (isTerminal(state.status)) this.#end(key, order.userId, state.status);
    return open;
  }

  #end(key: string, userId: string, status: TerminalStatus): void {
    this.#open.delete(key);
    const ofUser = (this.#openByUser.get(userId) ?? 1) - 1;
    if (ofUser === 0) this.#openByUser.delete(userId);
    else this.#openByUser.set(userId, ofUser);
    this.#byStatus[status] += 1;
    this.#ended.set(key, status);
  }
}

function overloaded(what: string): OrderRefusal {
  return new OrderRefusal('overloaded', `${what} are open: wait for some of them to end`);
}
