import {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  parseDecimal,
} from '@throughline/model';
import type { LoadUpdate } from './load-client.ts';

/**
 * `open`: not final yet; `refused`: not taken by the gateway; else the terminal status that the
 * client heard.
 */
type LoadStatus = 'open' | 'refused' | (string & {});

/** An order as its client sees it, in the words of the protocol. */
export interface LoadedOrder {
  readonly user_id: string;
  readonly client_order_id: string;
  readonly status: LoadStatus;
  readonly cum_quantity: string;
  /** The order that this one replaced. */
  readonly orig_client_order_id?: string;
}

interface Amending {
  readonly type: 'cancel' | 'replace';
  readonly requestId: string;
}

const TERMINAL = new Set(['filled', 'canceled', 'replaced', 'rejected', 'expired', 'refused']);
const DEFECTS_MAX = 20;

/**
 * What clients know of their orders, and whether it adds up: each user's messages are numbered
 * without a hole, each order ends once, and the total over a chain of replaced orders is the sum of
 * what each of them was filled.
 */
export class LoadBook {
  /** What does not add up; the first of it. */
  readonly defects: string[] = [];
  /** By order id, which is unique over all users and runs. */
  readonly #orders = new Map<string, LoadedOrder>();
  /** By the order that is to end: one request at a time. */
  readonly #amending = new Map<string, Amending>();
  readonly #sequences = new Map<string, number>();
  readonly #byStatus = new Map<string, number>();
  #final = 0;

  get orders(): LoadedOrder[] {
    return [...this.#orders.values()];
  }

  get size(): number {
    return this.#orders.size;
  }

  get final(): number {
    return this.#final;
  }

  /** Every order is final, and every request answered. */
  get isSettled(): boolean {
    return this.#final === this.size && this.#amending.size === 0;
  }

  get byStatus(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#byStatus].filter(([, count]) => count > 0));
  }

  add(ids: Pick<LoadedOrder, 'user_id' | 'client_order_id' | 'orig_client_order_id'>): void {
    this.#orders.set(ids.client_order_id, { ...ids, status: 'open', cum_quantity: '0' });
    this.#count('open', 1);
  }

  amend(orderId: string, amending: Amending): void {
    this.#amending.set(orderId, amending);
  }

  number(userId: string, sequence: number): void {
    const before = this.#sequences.get(userId);
    this.#sequences.set(userId, sequence);
    if (before === undefined || sequence === before + 1) return;
    this.#defect(`${userId} was told ${sequence} after ${before}`);
  }

  update({ client_order_id: orderId, status, cum_quantity, total_cum_quantity }: LoadUpdate): void {
    const order = this.#orders.get(orderId);
    if (!order) return;
    if (TERMINAL.has(order.status)) this.#defect(`${orderId} is ${order.status}, then ${status}`);
    const isFinal = TERMINAL.has(status);
    const now = { ...order, cum_quantity, status: isFinal ? status : 'open' };
    this.#orders.set(orderId, now);
    this.#checkTotal(now, total_cum_quantity);
    if (isFinal) this.#end(now);
  }

  /** A request, or an order, will not be heard of again. */
  refuse(id: string): void {
    for (const [orderId, { requestId }] of this.#amending) {
      if (requestId === id) this.#amending.delete(orderId);
    }
    const order = this.#orders.get(id);
    if (!order || TERMINAL.has(order.status)) return;
    const refused = { ...order, status: 'refused' };
    this.#orders.set(id, refused);
    this.#end(refused);
  }

  #end({ user_id, client_order_id: orderId, status }: LoadedOrder): void {
    this.#final += 1;
    this.#count('open', -1);
    this.#count(status, 1);
    const amending = this.#amending.get(orderId);
    if (amending?.type === 'cancel' && status === 'canceled') this.#amending.delete(orderId);
    if (amending?.type !== 'replace' || status !== 'replaced') return;
    this.#amending.delete(orderId);
    this.add({ user_id, client_order_id: amending.requestId, orig_client_order_id: orderId });
  }

  #checkTotal(order: LoadedOrder, told: string): void {
    let total: Decimal = { units: 0n, scale: 0 };
    for (let one: LoadedOrder | undefined = order; one; one = this.#replacedBy(one)) {
      total = addDecimals(total, parseDecimal(one.cum_quantity));
    }
    if (compareDecimals(total, parseDecimal(told)) === 0) return;
    this.#defect(`${order.client_order_id}: ${told} in all, but ${formatDecimal(total)} was told`);
  }

  #replacedBy({ orig_client_order_id: orderId }: LoadedOrder): LoadedOrder | undefined {
    return orderId === undefined ? undefined : this.#orders.get(orderId);
  }

  #count(status: string, change: number): void {
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + change);
  }

  #defect(text: string): void {
    if (this.defects.length < DEFECTS_MAX) this.defects.push(text);
  }
}
