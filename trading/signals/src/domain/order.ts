import { createHash } from 'node:crypto';
import type { Signal } from '../messages.ts';
import { UNITS_PER_ONE, worth } from './amount.ts';
import { OrderError } from './order-error.ts';

/** A traded pair, its filters in units of 10^-8. */
export interface Instrument {
  readonly symbol: string;
  readonly tickUnits: bigint;
  readonly stepUnits: bigint;
  readonly quantityUnitsMin: bigint;
  readonly notionalUnitsMin: bigint;
}

/** A limit order that fills at once or not at all (IOC); amounts in units of 10^-8. */
export interface Order {
  /** Made of the signal's id, so that a signal never becomes two orders. */
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Signal['direction'];
  readonly quantityUnits: bigint;
  readonly priceUnits: bigint;
}

export interface OrderSizing {
  /** What an order is worth, in units of the quote asset. */
  readonly notionalUnits: bigint;
  /** How much worse than the signal's entry price the fill may be, in 1/10,000. */
  readonly slippageBps: bigint;
}

const BPS_PER_ONE = 10_000n;
/** Of the exchange; ours also fit its 36 characters. */
const ID_HEX_DIGITS = 30;

/**
 * The order for a signal: as much as the notional pays for, at the entry price and a bit.
 *
 * @throws OrderError `order_too_small` when the exchange would not take so little
 */
export function orderFor(
  signal: Signal,
  entryUnits: bigint,
  instrument: Instrument,
  { notionalUnits, slippageBps }: OrderSizing,
): Order {
  const { tickUnits, stepUnits } = instrument;
  const isBuy = signal.direction === 'buy';
  const slippage = (entryUnits * slippageBps) / BPS_PER_ONE;
  const limit = isBuy ? entryUnits + slippage : entryUnits - slippage;
  const priceUnits = (limit / tickUnits) * tickUnits;
  const affordable = priceUnits > 0n ? (notionalUnits * UNITS_PER_ONE) / priceUnits : 0n;
  const quantityUnits = (affordable / stepUnits) * stepUnits;
  if (
    quantityUnits < instrument.quantityUnitsMin ||
    worth(priceUnits, quantityUnits) < instrument.notionalUnitsMin
  ) {
    const message = `the order for ${signal.symbol} is below the exchange's least size`;
    throw new OrderError('order_too_small', message);
  }
  const { symbol, direction } = signal;
  const clientOrderId = clientOrderIdOf(signal.signal_id);
  return { clientOrderId, symbol, side: direction, quantityUnits, priceUnits };
}

/** The same for the same signal, always. */
export function clientOrderIdOf(signalId: string): string {
  const digest = createHash('sha256').update(signalId).digest('hex');
  return `sig-${digest.slice(0, ID_HEX_DIGITS)}`;
}
