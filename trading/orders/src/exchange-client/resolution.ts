import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { z } from 'zod';
import type { Execution } from '../domain/exchange-order.ts';
import { parseQuantity } from '../domain/instrument.ts';
import type { ApiConnection } from './api-connection.ts';
import { endOf, fillOf, orderStatusSchema, tradesSchema } from './exchange-messages.ts';
import type { OpenOrder } from './open-order.ts';

/** An execution that was learned of by asking, and what it was read from. */
interface Finding {
  readonly execution: Execution;
  readonly raw: unknown;
}

const NO_SUCH_ORDER = -2013;
const ATTEMPTS = 3;
/** A request of ours may still be on its way into the exchange. */
const ATTEMPT_DELAY_MS = 200;
const TRADES_MAX = 1_000;

/**
 * Asks the exchange what became of an order (`order.status`, and `myTrades` for fills that we
 * missed). An order that it does not know never reached it, and counts as rejected.
 *
 * @returns all its fills, known ones included, then its end if it has ended
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when there is no usable answer
 */
export async function resolveOrder(
  connection: Pick<ApiConnection, 'request'>,
  open: OpenOrder,
): Promise<Finding[]> {
  const { order, instrument } = open;
  const status = await askStatus(connection, open);
  if (status === undefined) {
    const reason = 'the order did not reach the exchange';
    return finding(endOf(order, 'REJECTED', reason), reason);
  }
  const executedLots = parseQuantity(instrument, status.executedQty) ?? 0n;
  const isBehind = executedLots > open.cumLots;
  const fills = isBehind ? await askFills(connection, open, status) : [];
  return [...fills, ...finding(endOf(order, status.status, status.status), status)];
}

async function askStatus(connection: Pick<ApiConnection, 'request'>, { order }: OpenOrder) {
  const params = { symbol: order.symbol, origClientOrderId: order.exchangeOrderId };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await connection.request('order.status', params);
    if (answer.type === 'result') return parse(orderStatusSchema, answer.result, 'order.status');
    if (answer.code !== NO_SUCH_ORDER) throw unusable('order.status', answer.message);
    if (attempt === ATTEMPTS) return undefined;
    await delay(ATTEMPT_DELAY_MS);
  }
}

async function askFills(
  connection: Pick<ApiConnection, 'request'>,
  { order, instrument }: OpenOrder,
  { orderId, status }: z.output<typeof orderStatusSchema>,
): Promise<Finding[]> {
  const params = { symbol: order.symbol, orderId, limit: TRADES_MAX };
  const answer = await connection.request('myTrades', params);
  if (answer.type === 'refusal') throw unusable('myTrades', answer.message);
  const trades = parse(tradesSchema, answer.result, 'myTrades');
  return trades.flatMap((trade) => finding(fillOf({ order, instrument }, trade, status), trade));
}

function finding(execution: Execution | undefined, raw: unknown): Finding[] {
  return execution ? [{ execution, raw }] : [];
}

function parse<T>(schema: z.ZodType<T>, result: unknown, method: string): T {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  throw unusable(method, 'it is not what Binance documents', parsed.error);
}

function unusable(method: string, detail: string, cause?: unknown): ThroughlineError {
  const message = `the answer to ${method} cannot be used: ${detail}`;
  return new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', message, { cause });
}
