import { withoutPropagation } from '@throughline/sdk';
import type { z } from 'zod';
import { OrderError } from '../domain/order-error.ts';
import { failureOf, refusalOf } from './classification.ts';
import type { ExchangeClock } from './exchange-clock.ts';
import { timeSchema } from './messages.ts';
import { type Credentials, signedQuery } from './signing.ts';

export interface RestOptions {
  /** Such as `https://api.exchange.example`. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly clock: ExchangeClock;
  /** For one request, answer included. */
  readonly requestTimeoutMs: number;
  /**
   * How long the exchange takes a signed request after its time. What is still on its way then will
   * be refused, so that afterwards nobody need wonder.
   */
  readonly receiveWindowMs: number;
}

export type Method = 'GET' | 'POST' | 'DELETE';

/**
 * Single requests to the exchange, without retries. Undici's instrumentation makes a span of each,
 * with the signature redacted; the key is in a header, which no span has.
 */
export class Rest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** @throws OrderError as the exchange, or the way there, fails */
  get<T>(path: string, parameters: URLSearchParams, schema: z.ZodType<T>): Promise<T> {
    const query = parameters.size === 0 ? '' : `?${parameters}`;
    return this.#send('GET', path, schema, { query });
  }

  /** With key, time and signature. @throws OrderError as {@link get} */
  async signed<T>(
    method: Method,
    path: string,
    parameters: URLSearchParams,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const { clock, credentials, receiveWindowMs } = this.#options;
    if (!clock.isKnown) await this.synchronize();
    const timed = new URLSearchParams(parameters);
    timed.set('recvWindow', String(receiveWindowMs));
    timed.set('timestamp', String(clock.now()));
    const text = signedQuery(timed, credentials);
    const isForm = method === 'POST';
    try {
      return await this.#send(method, path, schema, {
        query: isForm ? '' : `?${text}`,
        ...(isForm ? { body: text } : {}),
        apiKey: credentials.apiKey,
      });
    } catch (error) {
      if (error instanceof OrderError && error.errorType === 'clock') clock.forget();
      throw error;
    }
  }

  /** @throws OrderError as {@link get} */
  async synchronize(): Promise<void> {
    await this.#options.clock.synchronize(async () => {
      const { serverTime } = await this.get('/api/v3/time', new URLSearchParams(), timeSchema);
      return serverTime;
    });
  }

  async #send<T>(
    method: Method,
    path: string,
    schema: z.ZodType<T>,
    { query, body, apiKey }: { query: string; body?: string; apiKey?: string },
  ): Promise<T> {
    const request = `${method} ${path}`;
    const { url, requestTimeoutMs } = this.#options;
    let json: unknown;
    try {
      const headers = {
        ...(apiKey === undefined ? {} : { 'x-mbx-apikey': apiKey }),
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      };
      // Nothing of ours goes to an exchange, not even to one that is next door.
      const response = await withoutPropagation(() =>
        fetch(new URL(`${path}${query}`, url), {
          method,
          headers,
          ...(body === undefined ? {} : { body }),
          signal: AbortSignal.timeout(requestTimeoutMs),
        }),
      );
      if (!response.ok) {
        const refusal = await response.json().catch(() => undefined);
        throw refusalOf(request, response, refusal, Date.now());
      }
      json = await response.json();
    } catch (cause) {
      throw failureOf(request, cause);
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const message = `${request}: the answer is not what Binance documents`;
    throw new OrderError('invalid_request', message, { cause: parsed.error });
  }
}
