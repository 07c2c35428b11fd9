import { formatPrice, formatQuantity, type Instrument, notional } from '@throughline/instruments';
import { compareDecimals, type Decimal, formatDecimal, subtractDecimals } from '@throughline/model';
import type { Order } from './order.ts';
import { OrderError } from './order-error.ts';
import type { Pair } from './pair.ts';

/** What the account has, and may have. */
export interface Holdings {
  /** What is free to be spent, by asset. An asset that is not here is not held. */
  readonly free: ReadonlyMap<string, Decimal>;
  /** Of the symbol, bought less sold, in lots; below 0 when more was sold. */
  readonly positionLots: bigint;
  /** The most that the position may be worth, either way, in the quote asset. */
  readonly positionMax: Decimal;
}

/**
 * Checks what the exchange would check, and what it cannot know: how much we want to hold.
 *
 * @throws OrderError `filter`, `insufficient_balance`, `max_position`
 */
export function validateOrder(order: Order, instrument: Pair, holdings: Holdings): void {
  checkFilters(order, instrument);
  checkBalance(order, instrument, holdings.free);
  checkPosition(order, instrument, holdings);
}

function checkFilters({ priceTicks, lots }: Order, instrument: Instrument): void {
  const { symbol, ticksMin, ticksMax, lotsMin, lotsMax, notionalMin } = instrument;
  if (priceTicks < ticksMin || priceTicks > ticksMax) {
    throw new OrderError(
      'filter',
      `${symbol} PRICE_FILTER: ${formatPrice(instrument, priceTicks)}`,
    );
  }
  if (lots < lotsMin || lots > lotsMax) {
    throw new OrderError('filter', `${symbol} LOT_SIZE: ${formatQuantity(instrument, lots)}`);
  }
  const worth = notional(instrument, priceTicks, lots);
  if (compareDecimals(worth, notionalMin) < 0) {
    throw new OrderError('filter', `${symbol} NOTIONAL: ${formatDecimal(worth)}`);
  }
}

function checkBalance(
  { side, priceTicks, lots }: Order,
  instrument: Pair,
  free: Holdings['free'],
): void {
  const { baseAsset, quoteAsset, step } = instrument;
  const [asset, needed] =
    side === 'buy'
      ? [quoteAsset, notional(instrument, priceTicks, lots)]
      : [baseAsset, { units: lots * step.units, scale: step.scale }];
  if (compareDecimals(free.get(asset) ?? { units: 0n, scale: 0 }, needed) >= 0) return;
  const message = `the order needs ${formatDecimal(needed)} ${asset}, which the account has not`;
  throw new OrderError('insufficient_balance', message);
}

function checkPosition(
  { side, priceTicks, lots }: Order,
  instrument: Instrument,
  { positionLots, positionMax }: Holdings,
): void {
  const after = side === 'buy' ? positionLots + lots : positionLots - lots;
  // An order that makes the position smaller is always welcome.
  if (magnitude(after) <= magnitude(positionLots)) return;
  const worth = notional(instrument, priceTicks, magnitude(after));
  if (compareDecimals(worth, positionMax) <= 0) return;
  const over = formatDecimal(subtractDecimals(worth, positionMax));
  const message = `the position in ${instrument.symbol} would be ${over} over its limit`;
  throw new OrderError('max_position', message);
}

function magnitude(lots: bigint): bigint {
  return lots < 0n ? -lots : lots;
}
