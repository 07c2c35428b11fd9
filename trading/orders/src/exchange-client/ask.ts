import { ThroughlineError } from '@throughline/model';
import type { z } from 'zod';
import type { ApiConnection } from './api-connection.ts';

/** What questions are asked over. */
export type Connection = Pick<ApiConnection, 'request'>;

/**
 * Asks the exchange something that it has to answer.
 *
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when there is no usable answer
 */
export async function ask<T>(
  connection: Connection,
  method: string,
  params: object,
  schema: z.ZodType<T>,
): Promise<T> {
  const answer = await connection.request(method, params);
  if (answer.type === 'refusal') throw unusable(method, answer.message);
  return parseAnswer(method, answer.result, schema);
}

/** @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when the answer is not what is documented */
export function parseAnswer<T>(method: string, result: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  throw unusable(method, 'it is not what Binance documents', parsed.error);
}

export function unusable(method: string, detail: string, cause?: unknown): ThroughlineError {
  const message = `the answer to ${method} cannot be used: ${detail}`;
  return new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', message, { cause });
}
