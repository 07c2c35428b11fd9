import { normalCdf, normalDensity } from './normal.ts';

/** A call is the right to buy at the strike, a put the right to sell. */
export type OptionRight = 'C' | 'P';

/** What the price of a European option depends on. Rates and volatility are per year. */
export interface OptionTerms {
  readonly right: OptionRight;
  /** The price of the underlying, above 0. */
  readonly spot: number;
  /** Above 0. */
  readonly strike: number;
  /** Years to expiry; 0 or less: the option is worth what exercising it brings. */
  readonly years: number;
  /** Continuously compounded, as is the dividend yield; may be 0 or negative. */
  readonly rate: number;
  readonly dividendYield: number;
}

/** What the price changes by, in the market's money. */
export interface Greeks {
  /** For 1 of the underlying's price. */
  readonly delta: number;
  /** Of delta, for 1 of the underlying's price. */
  readonly gamma: number;
  /** For 1.00 of volatility (100 percentage points). */
  readonly vega: number;
  /** For one year that passes; negative where time costs. */
  readonly theta: number;
  /** For 1.00 of the rate (100 percentage points). */
  readonly rho: number;
}

/** What both the price and the greeks are made of. */
interface Parts {
  /** +1 for a call, -1 for a put. */
  readonly sign: 1 | -1;
  /** The underlying's price, without the dividends until expiry. */
  readonly spotNow: number;
  /** The strike's present value. */
  readonly strikeNow: number;
  readonly d1: number;
  readonly d2: number;
  /** Standard deviation of the underlying's logarithm until expiry: volatility x sqrt(years). */
  readonly deviation: number;
}

/**
 * The price after Black, Scholes and Merton (Merton 1973, with a continuous dividend yield).
 *
 * Finite wherever the discount factors are. Where there is no time or no volatility, it is what the
 * forward is above the strike, discounted, or 0.
 *
 * @param volatility per year, 0 or more
 */
export function priceOf(terms: OptionTerms, volatility: number): number {
  const parts = partsOf(terms, volatility);
  const { sign, spotNow, strikeNow } = parts;
  const intrinsic = sign * (spotNow - strikeNow);
  // In the money by put-call parity: the difference of two nearly equal numbers would lose the
  // time value, which is all that the volatility can be read from.
  if (intrinsic > 0) return intrinsic + outOfTheMoney(parts, sign === 1 ? -1 : 1);
  return outOfTheMoney(parts, sign);
}

/**
 * What the price is above {@link PriceBounds.min}: at least 0, and the same for the call and the put
 * of one strike.
 */
export function timeValueOf(terms: OptionTerms, volatility: number): number {
  const parts = partsOf(terms, volatility);
  return outOfTheMoney(parts, parts.spotNow > parts.strikeNow ? -1 : 1);
}

/** Derivatives of {@link priceOf}; those of its limit where there is no time or no volatility. */
export function greeksOf(terms: OptionTerms, volatility: number): Greeks {
  const { spot, years, rate, dividendYield } = terms;
  const { sign, spotNow, strikeNow, d1, d2, deviation } = partsOf(terms, volatility);
  const inSpot = sign * spotNow * normalCdf(sign * d1);
  const inStrike = sign * strikeNow * normalCdf(sign * d2);
  const density = normalDensity(d1);
  const isCertain = deviation === 0;
  const decay = isCertain || years <= 0 ? 0 : (spotNow * density * volatility) / Math.sqrt(years);
  return {
    delta: inSpot / spot,
    gamma: isCertain ? 0 : (spotNow * density) / (spot * spot * deviation),
    vega: isCertain ? 0 : spotNow * density * Math.sqrt(years),
    theta: years <= 0 ? 0 : dividendYield * inSpot - rate * inStrike - decay / 2,
    rho: Math.max(years, 0) * inStrike,
  };
}

/** Between what a price can be, whatever the volatility. */
export interface PriceBounds {
  /** At volatility 0. */
  readonly min: number;
  /** What no volatility reaches: the underlying for a call, the strike's present value for a put. */
  readonly max: number;
}

export function priceBounds(terms: OptionTerms): PriceBounds {
  const { sign, spotNow, strikeNow } = partsOf(terms, 0);
  return {
    min: Math.max(sign * (spotNow - strikeNow), 0),
    max: sign === 1 ? spotNow : strikeNow,
  };
}

function partsOf(terms: OptionTerms, volatility: number): Parts {
  const years = Math.max(terms.years, 0);
  const spotNow = terms.spot * Math.exp(-terms.dividendYield * years);
  const strikeNow = terms.strike * Math.exp(-terms.rate * years);
  const deviation = volatility * Math.sqrt(years);
  const sign = terms.right === 'C' ? 1 : -1;
  // Not from spotNow / strikeNow: the rates go in exactly, and once.
  const drift = (terms.rate - terms.dividendYield) * years;
  const moneyness = Math.log(terms.spot / terms.strike) + drift;
  if (deviation === 0) {
    const side = moneyness === 0 ? 0 : Math.sign(moneyness) * Number.POSITIVE_INFINITY;
    return { sign, spotNow, strikeNow, d1: side, d2: side, deviation };
  }
  const d1 = moneyness / deviation + deviation / 2;
  const d2 = moneyness / deviation - deviation / 2;
  return { sign, spotNow, strikeNow, d1, d2, deviation };
}

/** Of a call (+1) or put (-1) that is not in the money. Rounding must not make it negative. */
function outOfTheMoney(parts: Parts, sign: 1 | -1): number {
  const { spotNow, strikeNow, d1, d2 } = parts;
  const price = sign * (spotNow * normalCdf(sign * d1) - strikeNow * normalCdf(sign * d2));
  return Math.max(price, 0);
}
