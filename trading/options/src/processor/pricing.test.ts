import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateChain, readChain, SHARED_CHAIN } from '../feed/chain.ts';
import { quoteOf } from '../feed/quotes.ts';
import { pricedQuote } from '../messages.ts';
import { QUOTE } from '../testing/quotes.ts';
import { priceQuote, REFERENCE_VOLATILITY } from './pricing.ts';

test('a quote is given the volatility that its price implies, and its own price back', () => {
  const priced = priceQuote(QUOTE);
  expect(priced).toMatchObject({ ...QUOTE, volatility_status: 'implied' });
  expect(priced.volatility).toBeCloseTo(0.31, 4);
  expect(priced.model_price).toBeCloseTo(12.0462, 10);
  expect(pricedQuote.parse(priced)).toEqual(priced);
});

test('a price below what exercising brings is priced at the reference volatility, and says so', () => {
  expect(priceQuote({ ...QUOTE, strike: '700', price: '40' })).toMatchObject({
    volatility_status: 'below_intrinsic',
    volatility: REFERENCE_VOLATILITY,
  });
});

/** The file where it is, and always a generated one. */
const CHAINS = [generateChain(1), ...(existsSync(SHARED_CHAIN) ? [readChain(SHARED_CHAIN)] : [])];

test.each(
  CHAINS.map((chain) => [chain.name, chain] as const),
)('every quote of %s is priced: what has a volatility costs what it costs', (_, chain) => {
  let implied = 0;
  for (const entry of chain.entries) {
    const quote = quoteOf(chain, entry, chain.quotedAt);
    const priced = priceQuote(quote);
    expect(Number.isFinite(priced.model_price + priced.delta + priced.gamma)).toBe(true);
    if (priced.volatility_status !== 'implied') continue;
    implied += 1;
    expect(Math.abs(priced.model_price - Number(quote.price))).toBeLessThan(1e-9);
    expect(Math.abs(priced.delta)).toBeLessThanOrEqual(1);
  }
  expect(implied / chain.entries.length).toBeGreaterThan(0.7);
});
