import fc from 'fast-check';
import { expect, test } from 'vitest';
import { greeksOf, type OptionTerms, priceOf } from './black-scholes.ts';
import { impliedVolatility } from './implied-volatility.ts';

const TERMS: OptionTerms = {
  right: 'C',
  spot: 100,
  strike: 110,
  years: 0.5,
  rate: 0.02,
  dividendYield: 0.01,
};

const anyNumber = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true });

test('the volatility that made a price is found again, as far as the price can tell it', () => {
  fc.assert(
    fc.property(
      fc.record({
        right: fc.constantFrom('C' as const, 'P' as const),
        spot: anyNumber(10, 2_000),
        strike: anyNumber(10, 2_000),
        years: anyNumber(0.002, 3),
        rate: anyNumber(-0.02, 0.1),
        dividendYield: anyNumber(0, 0.05),
      }),
      anyNumber(0.01, 5),
      (terms, volatility) => {
        const { vega } = greeksOf(terms, volatility);
        // What rounding the price does to the volatility.
        const blur = (1e-13 * (terms.spot + terms.strike)) / vega;
        fc.pre(blur < 1e-3);
        const found = impliedVolatility(terms, priceOf(terms, volatility));
        if (!found.isSolved) throw new Error(found.reason);
        expect(Math.abs(found.volatility - volatility)).toBeLessThan(blur + 1e-12);
        expect(found.iterations).toBeLessThan(80);
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['C', 4.759422392871533],
  ['P', 0.8085993729000936],
] as const)('the independent price of a %s gives its volatility back', (right, price) => {
  const terms = { right, spot: 42, strike: 40, years: 0.5, rate: 0.1, dividendYield: 0 };
  const found = impliedVolatility(terms, price);
  expect(found.isSolved && found.volatility).toBeCloseTo(0.2, 13);
});

test('a price without a volatility says why', () => {
  const inTheMoney = { ...TERMS, strike: 50 };
  const reasons = [
    impliedVolatility({ ...TERMS, years: 0 }, 5),
    impliedVolatility(inTheMoney, 49),
    impliedVolatility(inTheMoney, priceOf(inTheMoney, 0)),
    impliedVolatility(TERMS, 100),
    impliedVolatility({ ...TERMS, years: 1e-6 }, 10),
  ].map((found) => !found.isSolved && found.reason);
  expect(reasons).toEqual([
    'expired',
    'below_intrinsic',
    'no_time_value',
    'above_maximum',
    'out_of_range',
  ]);
});

test('far out of the money, where the price hardly moves, the search still ends at the solution', () => {
  const terms = { ...TERMS, strike: 400, years: 0.05 };
  const found = impliedVolatility(terms, 1e-9);
  if (!found.isSolved) throw new Error(found.reason);
  expect(Math.abs(priceOf(terms, found.volatility) / 1e-9 - 1)).toBeLessThan(1e-9);
});
