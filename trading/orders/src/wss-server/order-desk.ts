import { ThroughlineError } from '@throughline/model';
import { type ClientOrder, clientOrderKey } from '../domain/client-order.ts';
import { isTerminal, type OrderStatus, type TerminalStatus } from '../domain/order-state.ts';

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

/**
 * Which client orders are open, and where news of them goes. An order id is used once within its
 * user. Owns no socket: a `Route` is whatever the caller finds its client by.
 */
export class OrderDesk<Route> {
  readonly #limits: OrderDeskLimits;
  readonly #open = new Map<string, Route>();
  readonly #openByUser = new Map<string, number>();
  /** In the order in which they ended. */
  readonly #ended = new Set<string>();
  readonly #byStatus = { filled: 0, canceled: 0, rejected: 0, expired: 0 };
  #ordersAccepted = 0;

  constructor(limits: OrderDeskLimits) {
    this.#limits = limits;
  }

  stats(): OrderDeskStats {
    return {
      ordersOpen: this.#open.size,
      ordersAccepted: this.#ordersAccepted,
      byStatus: { ...this.#byStatus },
    };
  }

  /**
   * @throws ThroughlineError `TL_ORDER_DUPLICATE` for an id that the user has used, `TL_OVERLOADED`
   *   when too many orders are open
   */
  admit(order: ClientOrder, route: Route): void {
    const key = clientOrderKey(order);
    if (this.#open.has(key) || this.#ended.has(key)) {
      const message = `user ${order.userId} has used the order id ${order.clientOrderId} before`;
      throw new ThroughlineError('TL_ORDER_DUPLICATE', message);
    }
    const { userOrdersMax, ordersMax } = this.#limits;
    const ofUser = this.#openByUser.get(order.userId) ?? 0;
    if (ofUser >= userOrdersMax) throw overloaded(`${userOrdersMax} orders of ${order.userId}`);
    if (this.#open.size >= ordersMax) throw overloaded(`${ordersMax} orders`);
    this.#open.set(key, route);
    this.#openByUser.set(order.userId, ofUser + 1);
    this.#ordersAccepted += 1;
  }

  /**
   * Notes where an order stands now.
   *
   * @returns where to tell it; undefined for one that is not open
   */
  update(order: ClientOrder, status: OrderStatus): Route | undefined {
    const key = clientOrderKey(order);
    const route = this.#open.get(key);
    if (route !== undefined && isTerminal(status)) this.#end(key, order.userId, status);
    return route;
  }

  #end(key: string, userId: string, status: TerminalStatus): void {
    this.#open.delete(key);
    const ofUser = (this.#openByUser.get(userId) ?? 1) - 1;
    if (ofUser === 0) this.#openByUser.delete(userId);
    else this.#openByUser.set(userId, ofUser);
    this.#byStatus[status] += 1;
    this.#ended.add(key);
    if (this.#ended.size <= this.#limits.endedOrdersMax) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      break;
    }
  }
}

function overloaded(what: string): ThroughlineError {
  return new ThroughlineError('TL_OVERLOADED', `${what} are open: wait for some of them to end`);
}
