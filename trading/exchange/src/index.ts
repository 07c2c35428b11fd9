/**
 * Exchange simulator with Binance's spot API: REST under `/api/v3`, market streams under `/ws` and
 * `/stream`, order entry and user data under `/ws-api/v3`. An unmodified Binance client (ccxt for
 * one) can trade on it.
 *
 * What differs from Binance, on purpose:
 * - An order that the venue itself refuses (-2010) is answered with the error **and** reported as
 *   `executionReport` with `x` REJECTED; a malformed request (-1xxx) gets the error only.
 * - `session.logon` and all signatures are HMAC-SHA256. After a logon, requests on that socket need
 *   none.
 * - Commissions come from what the order receives, never from a third asset; no listen keys, no
 *   request weights.
 */
export {
  type Exchange,
  type ExchangeOptions,
  type ExchangeStats,
  startExchange,
} from './exchange.ts';
export { parseFrame, type RecordedData, readLines } from './replay/recording.ts';
export { type AccountOptions, DEMO_ACCOUNT } from './venue/account.ts';
