import { type Instrument, notionalUnits } from '../instruments.ts';
import { VenueError } from './venue-error.ts';

/** @throws VenueError -1013 PRICE_FILTER when the price is zero, too high or between two ticks */
export function ticksOf(instrument: Instrument, priceUnits: bigint): bigint {
  const ticks = priceUnits / instrument.tickUnits;
  const isOnTick = priceUnits % instrument.tickUnits === 0n;
  if (!isOnTick || ticks <= 0n || ticks > instrument.priceTicksMax) {
    throw new VenueError('filterFailure', 'PRICE_FILTER');
  }
  return ticks;
}

/**
 * @throws VenueError -1013 LOT_SIZE when the quantity is too small, too large or between two steps
 */
export function lotsOf(instrument: Instrument, quantityUnits: bigint): bigint {
  const lots = quantityUnits / instrument.stepUnits;
  const isOnStep = quantityUnits % instrument.stepUnits === 0n;
  if (!isOnStep || lots < instrument.lotsMin || lots > instrument.lotsMax) {
    throw new VenueError('filterFailure', 'LOT_SIZE');
  }
  return lots;
}

/** @throws VenueError -1013 NOTIONAL when price x quantity is too small */
export function checkNotional(instrument: Instrument, ticks: bigint, lots: bigint): void {
  if (notionalUnits(instrument, ticks, lots) < instrument.notionalUnitsMin) {
    throw new VenueError('filterFailure', 'NOTIONAL');
  }
}
