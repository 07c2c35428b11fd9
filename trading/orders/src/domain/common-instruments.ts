import type { Instrument, Instruments } from '@throughline/instruments';
import { compareDecimals, type Decimal, ThroughlineError } from '@throughline/model';

/**
 * The instruments of several venues as one: what keeps to the strictest filters of all venues that
 * trade a symbol, every one of them accepts.
 *
 * @param byVenue in the order of the venues
 * @throws ThroughlineError `TL_CONFIG_INVALID` when two venues count a symbol in different ticks or
 *   lots
 */
export function commonInstruments(byVenue: ReadonlyMap<string, Instruments>): Instruments {
  const common = new Map<string, Instrument>();
  for (const [venue, instruments] of byVenue) {
    for (const [symbol, instrument] of instruments) {
      const known = common.get(symbol);
      common.set(symbol, known ? strictest(known, instrument, venue) : instrument);
    }
  }
  return common;
}

/** Puts what is known now into a map that others read: new symbols, and stricter filters. */
export function addInstruments(known: Map<string, Instrument>, now: Instruments): void {
  for (const [symbol, instrument] of now) known.set(symbol, instrument);
}

function strictest(known: Instrument, other: Instrument, venue: string): Instrument {
  if (!isSame(known.tick, other.tick) || !isSame(known.step, other.step)) {
    throw new ThroughlineError(
      'TL_CONFIG_INVALID',
      `${venue} trades ${other.symbol} in other ticks or lots than the venues before it`,
    );
  }
  return {
    ...known,
    ticksMin: larger(known.ticksMin, other.ticksMin),
    ticksMax: smaller(known.ticksMax, other.ticksMax),
    lotsMin: larger(known.lotsMin, other.lotsMin),
    lotsMax: smaller(known.lotsMax, other.lotsMax),
    notionalMin:
      compareDecimals(known.notionalMin, other.notionalMin) < 0
        ? other.notionalMin
        : known.notionalMin,
  };
}

function isSame(a: Decimal, b: Decimal): boolean {
  return compareDecimals(a, b) === 0;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
