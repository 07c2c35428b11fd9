import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { greeksOf, type OptionTerms, priceBounds, priceOf } from './black-scholes.ts';

type Reference = readonly [
  terms: OptionTerms,
  volatility: number,
  /** Price, delta, gamma, vega, theta, rho. */
  values: readonly [number, number, number, number, number, number],
];

/** Computed with mpmath 1.3 at 60 digits from Merton's formula. */
const REFERENCES: readonly Reference[] = [
  // Hull, Options, Futures, and Other Derivatives, Black-Scholes-Merton: 4.76 and 0.81.
  [
    { right: 'C', spot: 42, strike: 40, years: 0.5, rate: 0.1, dividendYield: 0 },
    0.2,
    [
      4.759422392871533, 0.779131290942669, 0.04996267040591185, 8.813415059602852,
      -4.559092194592627, 13.982045913360281,
    ],
  ],
  [
    { right: 'P', spot: 42, strike: 40, years: 0.5, rate: 0.1, dividendYield: 0 },
    0.2,
    [
      0.8085993729000936, -0.22086870905733105, 0.04996267040591185, 8.813415059602852,
      -0.7541744965897705, -5.042542576653999,
    ],
  ],
  // Hull, options on an index with a dividend yield: 51.83.
  [
    { right: 'C', spot: 930, strike: 900, years: 1 / 6, rate: 0.08, dividendYield: 0.03 },
    0.2,
    [
      51.83295679649085, 0.7034180086011917, 0.0045074038616943375, 129.94845333264777,
      -106.53137285582481, 100.39096520043624,
    ],
  ],
  // Hull, the Greek letters: 2.40 is the call; the put here.
  [
    { right: 'P', spot: 49, strike: 50, years: 0.3846, rate: 0.05, dividendYield: 0 },
    0.2,
    [
      2.4481469339503983, -0.4783983660284239, 0.06554537725247866, 12.105242754243845,
      -1.8530056721968675, -9.957165877949382,
    ],
  ],
  [
    { right: 'C', spot: 100, strike: 250, years: 0.25, rate: 0.01, dividendYield: 0.02 },
    0.15,
    [
      7.93717505788596e-35, 1.3173786639289454e-34, 2.159422508415583e-34, 8.097834406558436e-32,
      -2.4160971635776624e-32, 3.273603722177649e-33,
    ],
  ],
  [
    { right: 'P', spot: 100, strike: 40, years: 2, rate: -0.005, dividendYield: 0 },
    0.6,
    [
      3.7179079510293946, -0.06780528779967497, 0.0015439781979930533, 18.527738375916638,
      -2.8316529400424804, -20.996873461993783,
    ],
  ],
  [
    { right: 'C', spot: 748.4, strike: 750, years: 0.019178, rate: 0, dividendYield: 0 },
    0.31,
    [
      12.04620000772126, 0.4887190263088827, 0.012411928315783296, 41.330610891417265,
      -334.0413332031325, 6.783471845587253,
    ],
  ],
  [
    { right: 'P', spot: 748.4, strike: 450, years: 0.5, rate: 0.03, dividendYield: 0.01 },
    1.8,
    [
      151.37063411032315, -0.14752233007260626, 0.00024166187060989592, 121.81988914469233,
      -212.52656720060972, -130.88817296833082,
    ],
  ],
];

const RELATIVE_ERROR_MAX = 1e-11;

test.each(
  REFERENCES,
)('%j at volatility %f has the independent price and greeks', (terms, volatility, values) => {
  const { delta, gamma, vega, theta, rho } = greeksOf(terms, volatility);
  const found = [priceOf(terms, volatility), delta, gamma, vega, theta, rho];
  for (const [index, value] of values.entries()) {
    expect(Math.abs((found[index] ?? Number.NaN) / value - 1)).toBeLessThan(RELATIVE_ERROR_MAX);
  }
});

const anyNumber = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true });

const anyTerms = fc.record({
  right: fc.constantFrom('C' as const, 'P' as const),
  spot: anyNumber(1, 5_000),
  strike: anyNumber(1, 5_000),
  years: anyNumber(0.001, 5),
  rate: anyNumber(-0.05, 0.2),
  dividendYield: anyNumber(0, 0.1),
});
const anyVolatility = anyNumber(0.01, 3);

describe('for any terms', () => {
  test('call and put differ by the forward: put-call parity', () => {
    fc.assert(
      fc.property(anyTerms, anyVolatility, (terms, volatility) => {
        const { spot, strike, years, rate, dividendYield } = terms;
        const call = priceOf({ ...terms, right: 'C' }, volatility);
        const put = priceOf({ ...terms, right: 'P' }, volatility);
        const forward = spot * Math.exp(-dividendYield * years) - strike * Math.exp(-rate * years);
        expect(Math.abs(call - put - forward)).toBeLessThan(1e-12 * (spot + strike));
      }),
    );
  });

  test('a price lies in its bounds and grows with the volatility', () => {
    fc.assert(
      fc.property(anyTerms, anyVolatility, (terms, volatility) => {
        const { min, max } = priceBounds(terms);
        const rounding = 1e-12 * (terms.spot + terms.strike);
        const price = priceOf(terms, volatility);
        expect(price).toBeGreaterThanOrEqual(min - rounding);
        expect(price).toBeLessThanOrEqual(max + rounding);
        expect(priceOf(terms, volatility * 1.1)).toBeGreaterThanOrEqual(price - rounding);
      }),
    );
  });

  test('a call grows with the spot and falls with the strike, a put the other way round', () => {
    fc.assert(
      fc.property(anyTerms, anyVolatility, (terms, volatility) => {
        const sign = terms.right === 'C' ? 1 : -1;
        const rounding = 1e-12 * (terms.spot + terms.strike);
        const price = priceOf(terms, volatility);
        const inSpot = priceOf({ ...terms, spot: terms.spot * 1.01 }, volatility);
        const inStrike = priceOf({ ...terms, strike: terms.strike * 1.01 }, volatility);
        expect(sign * (inSpot - price)).toBeGreaterThanOrEqual(-rounding);
        expect(sign * (price - inStrike)).toBeGreaterThanOrEqual(-rounding);
      }),
    );
  });

  test('the greeks are the finite differences of the price', () => {
    fc.assert(
      fc.property(anyTerms, anyNumber(0.1, 2), (given, volatility) => {
        const terms = { ...given, years: Math.max(given.years, 0.05) };
        const greeks = greeksOf(terms, volatility);
        const scale = terms.spot + terms.strike;
        const slope = (of: (step: number) => number, step: number) =>
          (of(step) - of(-step)) / (2 * step);
        const isNear = (found: number, expected: number, unit: number) =>
          expect(Math.abs(found - expected)).toBeLessThan(1e-4 * unit);
        const step = terms.spot * 1e-5;
        isNear(
          slope((by) => priceOf({ ...terms, spot: terms.spot + by }, volatility), step),
          greeks.delta,
          1,
        );
        isNear(
          slope((by) => greeksOf({ ...terms, spot: terms.spot + by }, volatility).delta, step),
          greeks.gamma,
          Math.max(greeks.gamma, 1 / terms.spot),
        );
        isNear(
          slope((by) => priceOf(terms, volatility + by), 1e-5),
          greeks.vega,
          scale,
        );
        isNear(
          slope((by) => priceOf({ ...terms, years: terms.years - by }, volatility), 1e-6),
          greeks.theta,
          scale,
        );
        isNear(
          slope((by) => priceOf({ ...terms, rate: terms.rate + by }, volatility), 1e-5),
          greeks.rho,
          scale * Math.max(terms.years, 1),
        );
      }),
    );
  });
});

describe('at the extremes', () => {
  const terms = {
    right: 'C',
    spot: 100,
    strike: 90,
    years: 1,
    rate: 0.05,
    dividendYield: 0,
  } as const;
  const forward = 100 - 90 * Math.exp(-0.05);

  test('without volatility a price is its intrinsic value, discounted', () => {
    expect(priceOf(terms, 0)).toBeCloseTo(forward, 12);
    expect(priceOf({ ...terms, right: 'P' }, 0)).toBe(0);
    expect(greeksOf(terms, 0)).toMatchObject({ delta: 1, gamma: 0, vega: 0 });
    expect(priceOf(terms, 1e-12)).toBeCloseTo(forward, 12);
  });

  test('at and after expiry it is what exercising brings', () => {
    for (const years of [0, -1, 1e-300]) {
      expect(priceOf({ ...terms, years }, 0.3)).toBeCloseTo(10, 12);
      expect(priceOf({ ...terms, years, right: 'P' }, 0.3)).toBe(0);
    }
    expect(greeksOf({ ...terms, years: 0 }, 0.3)).toEqual({
      delta: 1,
      gamma: 0,
      vega: 0,
      theta: 0,
      rho: 0,
    });
  });

  test('exactly at the money without time or volatility the sides are even', () => {
    const even = { ...terms, strike: 100, rate: 0 };
    expect(priceOf(even, 0)).toBe(0);
    expect(priceOf({ ...even, years: 0 }, 0.3)).toBe(0);
    expect(greeksOf(even, 0).delta).toBe(0.5);
  });

  test('an enormous volatility makes a call the underlying and a put its strike, discounted', () => {
    expect(priceOf(terms, 1_000)).toBeCloseTo(100, 12);
    expect(priceOf({ ...terms, right: 'P' }, 1_000)).toBeCloseTo(90 * Math.exp(-0.05), 12);
  });

  test('all values stay finite, far in and far out of the money', () => {
    for (const right of ['C', 'P'] as const) {
      for (const strike of [1e-9, 1e-3, 1e6, 1e12]) {
        for (const volatility of [0, 1e-300, 1e-6, 0.2, 100]) {
          for (const years of [0, 1e-12, 1, 50]) {
            const given = { ...terms, right, strike, years };
            const values = [
              priceOf(given, volatility),
              ...Object.values(greeksOf(given, volatility)),
            ];
            expect(values.every(Number.isFinite)).toBe(true);
          }
        }
      }
    }
  });
});
