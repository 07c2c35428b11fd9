import type { Signal } from '../messages.ts';
import { formatAmount, worth } from './amount.ts';
import type { Order } from './order.ts';
import { OrderError } from './order-error.ts';

/** Amounts in units of 10^-8 of the quote asset. */
export interface RiskOptions {
  /** From 0 to 100. */
  readonly confidenceMin: number;
  readonly signalAgeMsMax: number;
  /** Of one order. */
  readonly notionalUnitsMax: bigint;
  /** Of what is held or owed of one symbol after the order, at the order's price. */
  readonly positionUnitsMax: bigint;
  /** Over all symbols. */
  readonly ordersPerMinuteMax: number;
}

const MINUTE_MS = 60_000;

/** The limits that every order has to keep, and the positions that the fills so far have made. */
export class Risk {
  readonly #options: RiskOptions;
  /** By symbol: what is held, negative when owed, in units of 10^-8. */
  readonly #positions = new Map<string, bigint>();
  /** When the orders of the last minute were let through, oldest first. */
  readonly #passedMs: number[] = [];

  constructor(options: RiskOptions) {
    this.#options = options;
  }

  /** @throws OrderError `risk_confidence`, `signal_stale` */
  checkSignal({ confidence, time_ms: timeMs }: Signal, nowMs: number): void {
    const { confidenceMin, signalAgeMsMax } = this.#options;
    if (confidence < confidenceMin) {
      refuse('risk_confidence', `the confidence ${confidence} is below ${confidenceMin}`);
    }
    const ageMs = nowMs - timeMs;
    if (ageMs > signalAgeMsMax) refuse('signal_stale', `the signal is ${ageMs} ms old`);
  }

  /**
   * Lets an order through, which then counts for the rate.
   *
   * @throws OrderError `risk_notional`, `risk_position`, `risk_rate`
   */
  checkOrder({ symbol, side, quantityUnits, priceUnits }: Order, nowMs: number): void {
    const { notionalUnitsMax, positionUnitsMax, ordersPerMinuteMax } = this.#options;
    const notional = worth(priceUnits, quantityUnits);
    if (notional > notionalUnitsMax) {
      refuse('risk_notional', `the order is worth ${formatAmount(notional)}`);
    }
    const position = this.positionOf(symbol);
    const after = position + (side === 'buy' ? quantityUnits : -quantityUnits);
    // An order that makes the position smaller is let through however large that is.
    if (size(after) > size(position) && worth(priceUnits, size(after)) > positionUnitsMax) {
      refuse('risk_position', `the position would be ${formatAmount(after)} ${symbol}`);
    }
    while ((this.#passedMs[0] ?? nowMs) <= nowMs - MINUTE_MS) this.#passedMs.shift();
    if (this.#passedMs.length >= ordersPerMinuteMax) {
      refuse('risk_rate', `${ordersPerMinuteMax} orders went out within the minute`);
    }
    this.#passedMs.push(nowMs);
  }

  filled(symbol: string, side: Order['side'], quantityUnits: bigint): void {
    const change = side === 'buy' ? quantityUnits : -quantityUnits;
    this.#positions.set(symbol, this.positionOf(symbol) + change);
  }

  positionOf(symbol: string): bigint {
    return this.#positions.get(symbol) ?? 0n;
  }
}

function size(units: bigint): bigint {
  return units < 0n ? -units : units;
}

function refuse(type: ConstructorParameters<typeof OrderError>[0], message: string): never {
  throw new OrderError(type, message);
}
