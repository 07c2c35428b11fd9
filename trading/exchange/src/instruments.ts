import { ThroughlineError } from '@throughline/model';
import { formatAmount, parseAmount, UNITS_PER_ONE } from './amount.ts';

/**
 * A traded pair and its filters. Prices are integer ticks and quantities integer lots everywhere
 * inside; `tickUnits` and `stepUnits` (10^-8) translate them at the edges.
 */
export interface Instrument {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly tickUnits: bigint;
  readonly stepUnits: bigint;
  readonly priceTicksMax: bigint;
  readonly lotsMin: bigint;
  readonly lotsMax: bigint;
  readonly notionalUnitsMin: bigint;
  /** Quote units (10^-8) that one lot costs at a price of one tick. */
  readonly unitsPerTickLot: bigint;
  /** Where generated order flow starts. */
  readonly startTicks: bigint;
}

/** The decimal strings an instrument is written with. */
export interface InstrumentFilters {
  readonly tickSize: string;
  readonly stepSize: string;
  readonly priceMax: string;
  readonly quantityMin: string;
  readonly quantityMax: string;
  readonly notionalMin: string;
  readonly startPrice: string;
}

function unitsOf(symbol: string, name: string, text: string): bigint {
  const units = parseAmount(text);
  if (units === undefined || units <= 0n) {
    throw new ThroughlineError('TL_CONFIG_INVALID', `${symbol}: ${name} ${text} is no amount`);
  }
  return units;
}

/**
 * @throws ThroughlineError `TL_CONFIG_INVALID` when a filter is no amount, or tick x step is below
 * 10^-8
 */
export function createInstrument(
  baseAsset: string,
  quoteAsset: string,
  filters: InstrumentFilters,
): Instrument {
  const symbol = `${baseAsset}${quoteAsset}`;
  const units = (name: keyof InstrumentFilters) => unitsOf(symbol, name, filters[name]);
  const tickUnits = units('tickSize');
  const stepUnits = units('stepSize');
  if ((tickUnits * stepUnits) % UNITS_PER_ONE !== 0n) {
    throw new ThroughlineError(
      'TL_CONFIG_INVALID',
      `${symbol}: one lot at one tick costs less than 0.00000001 ${quoteAsset}`,
      { hint: 'Choose a larger tickSize or stepSize: balances must stay exact.' },
    );
  }
  return {
    symbol,
    baseAsset,
    quoteAsset,
    tickUnits,
    stepUnits,
    priceTicksMax: units('priceMax') / tickUnits,
    lotsMin: units('quantityMin') / stepUnits,
    lotsMax: units('quantityMax') / stepUnits,
    notionalUnitsMin: units('notionalMin'),
    unitsPerTickLot: (tickUnits * stepUnits) / UNITS_PER_ONE,
    startTicks: units('startPrice') / tickUnits,
  };
}

/** The pairs of the simulator, with Binance's own filters. */
export const INSTRUMENTS: readonly Instrument[] = [
  createInstrument('BTC', 'USDT', {
    tickSize: '0.01',
    stepSize: '0.00001',
    priceMax: '1000000',
    quantityMin: '0.00001',
    quantityMax: '9000',
    notionalMin: '5',
    startPrice: '61686',
  }),
  createInstrument('ETH', 'USDT', {
    tickSize: '0.01',
    stepSize: '0.0001',
    priceMax: '1000000',
    quantityMin: '0.0001',
    quantityMax: '9000',
    notionalMin: '5',
    startPrice: '2690',
  }),
  createInstrument('SOL', 'USDT', {
    tickSize: '0.01',
    stepSize: '0.001',
    priceMax: '10000',
    quantityMin: '0.001',
    quantityMax: '90000',
    notionalMin: '5',
    startPrice: '155',
  }),
];

export function formatPrice(instrument: Instrument, ticks: bigint): string {
  return formatAmount(ticks * instrument.tickUnits);
}

export function formatQuantity(instrument: Instrument, lots: bigint): string {
  return formatAmount(lots * instrument.stepUnits);
}

/** What `lots` at `ticks` cost, in quote units of 10^-8. Exact. */
export function notionalUnits(instrument: Instrument, ticks: bigint, lots: bigint): bigint {
  return ticks * lots * instrument.unitsPerTickLot;
}
