import {
  compareDecimals,
  type Decimal,
  formatDecimal,
  isDecimal,
  parseDecimal,
  ThroughlineError,
} from '@throughline/model';

/**
 * A traded pair and its filters. Inside, prices are integer ticks and quantities integer lots, so
 * that sums are exact; `tick` and `step` translate them at the edges. Plain data: it crosses
 * threads.
 */
export interface Instrument {
  readonly symbol: string;
  readonly tick: Decimal;
  readonly step: Decimal;
  readonly ticksMin: bigint;
  readonly ticksMax: bigint;
  readonly lotsMin: bigint;
  readonly lotsMax: bigint;
  /** The least that one exchange order may be worth, in the quote asset. */
  readonly notionalMin: Decimal;
}

/** The filters of an instrument as decimal strings, as an exchange publishes them. */
export interface InstrumentFilters {
  readonly tickSize: string;
  readonly priceMin: string;
  readonly priceMax: string;
  readonly stepSize: string;
  readonly quantityMin: string;
  readonly quantityMax: string;
  readonly notionalMin: string;
}

/** @throws ThroughlineError `TL_BAD_REQUEST` when a filter is no decimal */
export function createInstrument(symbol: string, filters: InstrumentFilters): Instrument {
  const tick = parseDecimal(filters.tickSize);
  const step = parseDecimal(filters.stepSize);
  return {
    symbol,
    tick,
    step,
    ticksMin: quotient(parseDecimal(filters.priceMin), tick),
    ticksMax: quotient(parseDecimal(filters.priceMax), tick),
    lotsMin: quotient(parseDecimal(filters.quantityMin), step),
    lotsMax: quotient(parseDecimal(filters.quantityMax), step),
    notionalMin: parseDecimal(filters.notionalMin),
  };
}

/** By symbol. */
export type Instruments = ReadonlyMap<string, Instrument>;

/**
 * The instrument of an order that was validated before.
 *
 * @throws ThroughlineError `TL_INTERNAL` when it was not
 */
export function instrumentOf(instruments: Instruments, symbol: string): Instrument {
  const instrument = instruments.get(symbol);
  if (instrument) return instrument;
  throw new ThroughlineError('TL_INTERNAL', `an order for ${symbol}, which is not traded here`);
}

/** Whole ticks of the price, or undefined when it is no decimal or lies between two ticks. */
export function parsePrice({ tick }: Instrument, text: string): bigint | undefined {
  return wholeMultiple(text, tick);
}

/** Whole lots of the quantity, or undefined when it is no decimal or lies between two lots. */
export function parseQuantity({ step }: Instrument, text: string): bigint | undefined {
  return wholeMultiple(text, step);
}

/** Whole lots of an amount of the base asset; what is less than a lot is left out. */
export function lotsOf({ step }: Instrument, amount: Decimal): bigint {
  return quotient(amount, step);
}

export function formatPrice({ tick }: Instrument, ticks: bigint): string {
  return formatDecimal({ units: ticks * tick.units, scale: tick.scale });
}

export function formatQuantity({ step }: Instrument, lots: bigint): string {
  return formatDecimal({ units: lots * step.units, scale: step.scale });
}

/** What the lots are worth at the price, in the quote asset. Exact. */
export function notional({ tick, step }: Instrument, ticks: bigint, lots: bigint): Decimal {
  return { units: ticks * lots * tick.units * step.units, scale: tick.scale + step.scale };
}

const AVERAGE_SCALE = 8;

/** Price per unit, rounded down to eight decimals; undefined for no lots. */
export function averagePrice(
  { step }: Instrument,
  paid: Decimal,
  lots: bigint,
): string | undefined {
  if (lots === 0n) return undefined;
  const units = paid.units * 10n ** BigInt(AVERAGE_SCALE + step.scale);
  const divisor = lots * step.units * 10n ** BigInt(paid.scale);
  return formatDecimal({ units: units / divisor, scale: AVERAGE_SCALE });
}

/** The most lots that are worth no more than the amount at the price; 0 when not even one is. */
export function lotsWorth(instrument: Instrument, amount: Decimal, ticks: bigint): bigint {
  return quotient(amount, notional(instrument, ticks, 1n));
}

/** The fewest lots that the exchange accepts as one order at the price, when the price is known. */
export function exchangeOrderLotsMin(instrument: Instrument, ticks: bigint): bigint {
  const lots = lotsWorth(instrument, instrument.notionalMin, ticks);
  const worth = notional(instrument, ticks, lots);
  const least = compareDecimals(worth, instrument.notionalMin) < 0 ? lots + 1n : lots;
  return least > instrument.lotsMin ? least : instrument.lotsMin;
}

function wholeMultiple(text: string, unit: Decimal): bigint | undefined {
  if (!isDecimal(text)) return undefined;
  const value = parseDecimal(text);
  const multiple = quotient(value, unit);
  const exact = compareDecimals(value, { units: multiple * unit.units, scale: unit.scale }) === 0;
  return exact ? multiple : undefined;
}

/** How many whole units the value holds; none of a unit of zero. */
function quotient(value: Decimal, unit: Decimal): bigint {
  if (unit.units === 0n) return 0n;
  const scale = Math.max(value.scale, unit.scale);
  const unitUnits = unit.units * 10n ** BigInt(scale - unit.scale);
  return (value.units * 10n ** BigInt(scale - value.scale)) / unitUnits;
}
