import { createHmac } from 'node:crypto';

/** Of the account at the exchange. Neither may appear in a span, a log line or an error. */
export interface Credentials {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/**
 * The parameters as a query, with the HMAC-SHA256 of it as `signature` (Binance, request security).
 */
export function signedQuery(parameters: URLSearchParams, { apiSecret }: Credentials): string {
  const query = parameters.toString();
  const signature = createHmac('sha256', apiSecret).update(query).digest('hex');
  return `${query}&signature=${signature}`;
}
