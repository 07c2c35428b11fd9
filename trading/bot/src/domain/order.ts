import { type Instrument, lotsWorth } from '@throughline/instruments';
import type { Decimal } from '@throughline/model';
import type { Side } from './strategy.ts';

/** A limit order that stays open until it is filled or canceled. */
export interface Order {
  /** Ours: the key of the database, and the client order id at the exchange. */
  readonly id: string;
  readonly symbol: string;
  readonly side: Side;
  readonly lots: bigint;
  readonly priceTicks: bigint;
}

/** FIX's OrdStatus in words; `unknown` while nobody can say whether the order reached the exchange. */
export type OrderStatus =
  | 'pending_new'
  | 'unknown'
  | 'new'
  | 'partially_filled'
  | 'filled'
  | 'canceled'
  | 'rejected'
  | 'expired';

const FINAL: readonly OrderStatus[] = ['filled', 'canceled', 'rejected', 'expired'];

/** Whether nothing can happen to the order any more. */
export function isFinal(status: OrderStatus): boolean {
  return FINAL.includes(status);
}

/** The best prices. */
export interface Quote {
  readonly bidTicks: bigint;
  readonly askTicks: bigint;
}

/** How large an order is and where its limit stands. */
export interface Sizing {
  /** What an order of full confidence is worth, in the quote asset. */
  readonly notional: Decimal;
  /** How far the limit goes past the best opposite price, in ten-thousandths; below 0 it rests. */
  readonly slippageBps: number;
}

/**
 * Price and quantity of an order: worth no more than `notional` x confidence, in whole lots, with
 * its limit on a tick. It may be too small for the exchange: validation says so.
 *
 * @param confidence 0 to 100
 */
export function sizeOrder(
  instrument: Instrument,
  finding: { readonly direction: Side; readonly confidence: number },
  quote: Quote,
  sizing: Sizing,
): Pick<Order, 'lots' | 'priceTicks'> {
  const isBuy = finding.direction === 'buy';
  const bps = 10_000n + BigInt(isBuy ? sizing.slippageBps : -sizing.slippageBps);
  const priceTicks = ((isBuy ? quote.askTicks : quote.bidTicks) * bps) / 10_000n;
  const { units, scale } = sizing.notional;
  const worth = { units: units * BigInt(finding.confidence), scale: scale + 2 };
  return { priceTicks, lots: lotsWorth(instrument, worth, priceTicks) };
}
