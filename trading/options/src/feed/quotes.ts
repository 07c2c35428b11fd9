import { contractId } from '../domain/contract.ts';
import type { InstrumentQuote } from '../messages.ts';
import type { Chain, ChainEntry } from './chain.ts';

/** What quotes are enriched with: the market's, not the contract's. */
const RATE = 0.005;
const DIVIDEND_YIELD = 0;

/** The contract's quote at this time, with all that its value depends on. */
export function quoteOf(chain: Chain, entry: ChainEntry, at: Date): InstrumentQuote {
  return {
    ...entry,
    contract: contractId(entry),
    spot: chain.spot,
    quote_time: at.toISOString(),
    rate: RATE,
    dividend_yield: DIVIDEND_YIELD,
  };
}
