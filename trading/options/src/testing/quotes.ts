import type { InstrumentQuote } from '../messages.ts';

/** A quote at the money, a week before its expiry. */
export const QUOTE: InstrumentQuote = {
  contract: 'GOOG-20151231-750-C',
  underlying: 'GOOG',
  expiry: '2015-12-31',
  strike: '750',
  right: 'C',
  price: '12.0462',
  spot: '748.4',
  quote_time: '2015-12-24T21:00:00.000Z',
  rate: 0,
  dividend_yield: 0,
};
