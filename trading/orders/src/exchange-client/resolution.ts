import { setTimeout as delay } from 'node:timers/promises';
import { parseQuantity } from '@throughline/instruments';
import type { z } from 'zod';
import type { Execution } from '../domain/exchange-order.ts';
import { ask, type Connection, parseAnswer, unusable } from './ask.ts';
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
export async function resolveOrder(connection: Connection, open: OpenOrder): Promise<Finding[]> {
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

async function askStatus(connection: Connection, { order }: OpenOrder) {
  const params = { symbol: order.symbol, origClientOrderId: order.exchangeOrderId };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await connection.request('order.status', params);
    if (answer.type === 'result') {
      return parseAnswer('order.status', answer.result, orderStatusSchema);
    }
    if (answer.code !== NO_SUCH_ORDER) throw unusable('order.status', answer.message);
    if (attempt === ATTEMPTS) return undefined;
    await delay(ATTEMPT_DELAY_MS);
  }
}

async function askFills(
  connection: Connection,
  { order, instrument }: OpenOrder,
  { orderId, status }: z.output<typeof orderStatusSchema>,
): Promise<Finding[]> {
  const params = { symbol: order.symbol, orderId, limit: TRADES_MAX };
  const trades = await ask(connection, 'myTrades', params, tradesSchema);
  return trades.flatMap((trade) => finding(fillOf({ order, instrument }, trade, status), trade));
}

function finding(execution: Execution | undefined, raw: unknown): Finding[] {
  return execution ? [{ execution, raw }] : [];
}
