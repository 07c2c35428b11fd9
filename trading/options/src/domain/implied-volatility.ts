import { greeksOf, type OptionTerms, priceBounds, timeValueOf } from './black-scholes.ts';

/** Why no volatility explains a price. */
export type NoVolatility =
  /** The option has no time left. */
  | 'expired'
  /** The price is below what it would be without volatility: stale, or an American option's. */
  | 'below_intrinsic'
  /** The price is its bound to the last digits: any small volatility explains it. */
  | 'no_time_value'
  /** The price is at or above what no volatility reaches. */
  | 'above_maximum'
  /** More than {@link VOLATILITY_MAX}. */
  | 'out_of_range';

export type ImpliedVolatility =
  | { readonly isSolved: true; readonly volatility: number; readonly iterations: number }
  | { readonly isSolved: false; readonly reason: NoVolatility };

/** 10,000 % a year: beyond it a price is an error, not a market. */
const VOLATILITY_MAX = 100;

const VOLATILITY_MIN = 1e-9;
const ITERATIONS_MAX = 100;
/** Of the larger of price and strike: less is rounding. */
const ROUNDING = 4 * Number.EPSILON;
/** The relative change below which the search ends. */
const STEP_MIN = 1e-14;

/**
 * The volatility at which the option has this price. Newton's method on the time value, which grows
 * with the volatility, inside a bracket that shrinks at every step; where Newton's step leaves the
 * bracket, or gains too little, the bracket is halved instead, so that the search always ends.
 *
 * It starts at the volatility where the price curve turns, from which Newton's steps approach the
 * solution from one side (Manaster and Koehler 1982).
 *
 * @param price above 0
 */
export function impliedVolatility(terms: OptionTerms, price: number): ImpliedVolatility {
  if (!(terms.years > 0)) return unsolved('expired');
  const { min, max } = priceBounds(terms);
  const target = price - min;
  const rounding = ROUNDING * Math.max(price, terms.strike);
  if (target < -rounding) return unsolved('below_intrinsic');
  if (target <= rounding) return unsolved('no_time_value');
  if (price >= max) return unsolved('above_maximum');
  if (timeValueOf(terms, VOLATILITY_MAX) < target) return unsolved('out_of_range');
  return solve(terms, target);
}

function solve(terms: OptionTerms, target: number): ImpliedVolatility {
  let low = VOLATILITY_MIN;
  let high = VOLATILITY_MAX;
  let volatility = turningPoint(terms);
  let lastStep = high - low;
  for (let iterations = 1; iterations <= ITERATIONS_MAX; iterations += 1) {
    const excess = timeValueOf(terms, volatility) - target;
    if (excess === 0) return { isSolved: true, volatility, iterations };
    if (excess > 0) high = volatility;
    else low = volatility;
    const newton = volatility - excess / greeksOf(terms, volatility).vega;
    const isUsable =
      newton > low && newton < high && Math.abs(newton - volatility) < Math.abs(lastStep) / 2;
    const next = isUsable ? newton : middle(low, high);
    lastStep = next - volatility;
    if (Math.abs(lastStep) <= STEP_MIN * next || next === volatility) {
      return { isSolved: true, volatility: next, iterations };
    }
    volatility = next;
  }
  return { isSolved: true, volatility, iterations: ITERATIONS_MAX };
}

/** Where the price's second derivative by the volatility is 0. */
function turningPoint({ spot, strike, years, rate, dividendYield }: OptionTerms): number {
  const moneyness = Math.log(spot / strike) + (rate - dividendYield) * years;
  const volatility = Math.sqrt((2 * Math.abs(moneyness)) / years);
  return Math.min(Math.max(volatility, 0.1), VOLATILITY_MAX / 2);
}

/** Geometric while the bracket spans orders of magnitude, which is where halving it is slow. */
function middle(low: number, high: number): number {
  return high > 4 * low ? Math.sqrt(low * high) : low + (high - low) / 2;
}

function unsolved(reason: NoVolatility): ImpliedVolatility {
  return { isSolved: false, reason };
}
