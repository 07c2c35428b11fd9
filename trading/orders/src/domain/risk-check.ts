import { type Instruments, instrumentOf, notional } from '@throughline/instruments';
import { compareDecimals, type Decimal, formatDecimal } from '@throughline/model';
import type { ClientOrder, OrderIds } from './client-order.ts';
import type { Reason } from './reason.ts';

/** Our own limits, before an order goes anywhere. Plain data: it crosses threads. */
export interface RiskLimits {
  /** What one order may be worth at most, in the quote asset. */
  readonly notionalMax: Decimal;
  /** Open orders of one user. */
  readonly userOrdersMax: number;
}

/**
 * The pre-trade check: it counts what it lets pass until it is told of the end. A market order is
 * worth what the symbol's last known price says; before there is one, its worth is not checked.
 */
export class RiskCheck {
  readonly #limits: RiskLimits;
  readonly #instruments: Instruments;
  readonly #open = new Map<string, Set<string>>();
  /** By symbol: the last limit or fill price seen. */
  readonly #lastTicks = new Map<string, bigint>();

  constructor(limits: RiskLimits, instruments: Instruments) {
    this.#limits = limits;
    this.#instruments = instruments;
  }

  /** @returns why the order may not pass; undefined when it does, and is open from now on */
  admit(order: ClientOrder): Reason | undefined {
    const reason = this.#notionalReason(order) ?? this.#openReason(order);
    if (reason) return reason;
    const ofUser = this.#open.get(order.userId) ?? new Set();
    ofUser.add(order.clientOrderId);
    this.#open.set(order.userId, ofUser);
    return undefined;
  }

  /** @param lastTicks the price of its last fill, if it had one */
  ended({ userId, clientOrderId }: OrderIds, symbol: string, lastTicks: bigint | undefined): void {
    if (lastTicks !== undefined) this.#lastTicks.set(symbol, lastTicks);
    const ofUser = this.#open.get(userId);
    ofUser?.delete(clientOrderId);
    if (ofUser?.size === 0) this.#open.delete(userId);
  }

  #notionalReason({ symbol, lots, priceTicks }: ClientOrder): Reason | undefined {
    const ticks = priceTicks ?? this.#lastTicks.get(symbol);
    if (ticks === undefined) return undefined;
    const worth = notional(instrumentOf(this.#instruments, symbol), ticks, lots);
    const { notionalMax } = this.#limits;
    if (compareDecimals(worth, notionalMax) <= 0) {
      this.#lastTicks.set(symbol, ticks);
      return undefined;
    }
    const [order, most] = [worth, notionalMax].map(formatDecimal);
    return { code: 'risk_notional', text: `the order is worth ${order}, ${most} is allowed` };
  }

  #openReason({ userId }: ClientOrder): Reason | undefined {
    const { userOrdersMax } = this.#limits;
    if ((this.#open.get(userId)?.size ?? 0) < userOrdersMax) return undefined;
    return { code: 'risk_open_orders', text: `${userOrdersMax} orders of ${userId} are open` };
  }
}
