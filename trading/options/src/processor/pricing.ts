import { greeksOf, type OptionTerms, priceOf } from '../domain/black-scholes.ts';
import { yearsToExpiry } from '../domain/contract.ts';
import { impliedVolatility } from '../domain/implied-volatility.ts';
import type { InstrumentQuote, PricedQuote } from '../messages.ts';

/** What a contract is priced with whose own price gives no volatility. */
export const REFERENCE_VOLATILITY = 0.3;

/**
 * What Black, Scholes and Merton say of a quote: the volatility that its price implies and, with
 * that, price and greeks. Without an implied volatility they are those at the reference volatility.
 */
export function priceQuote(quote: InstrumentQuote): PricedQuote {
  const terms: OptionTerms = {
    right: quote.right,
    // Only here do decimals become floating point, which the formula is.
    spot: Number(quote.spot),
    strike: Number(quote.strike),
    years: yearsToExpiry(quote, new Date(quote.quote_time)),
    rate: quote.rate,
    dividendYield: quote.dividend_yield,
  };
  const implied = impliedVolatility(terms, Number(quote.price));
  const volatility = implied.isSolved ? implied.volatility : REFERENCE_VOLATILITY;
  return {
    ...quote,
    volatility_status: implied.isSolved ? 'implied' : implied.reason,
    volatility,
    model_price: priceOf(terms, volatility),
    ...greeksOf(terms, volatility),
  };
}
