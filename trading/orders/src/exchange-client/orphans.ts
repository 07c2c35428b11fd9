import { ask, type Connection } from './ask.ts';
import { type ExecutionReport, openOrdersSchema, reportedOrderId } from './exchange-messages.ts';

/**
 * An exchange order that nobody waits for: one of an earlier process, which had no time to cancel it,
 * or one that was given up and reached the exchange after all.
 */
export interface Orphan {
  readonly exchangeOrderId: string;
  readonly symbol: string;
  readonly quantity: string;
  /** What it had filled when it was found. */
  readonly executedQuantity: string;
  /** Or had it ended by then. */
  readonly isCanceled: boolean;
}

/**
 * Cancels the account's open orders whose ids begin with our prefix: nobody waits for them any more.
 *
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when there is no usable answer
 */
export async function cancelOrphans(connection: Connection, idPrefix: string): Promise<Orphan[]> {
  const rows = await ask(connection, 'openOrders.status', {}, openOrdersSchema);
  const ours = rows.filter(({ clientOrderId }) => clientOrderId.startsWith(idPrefix));
  return Promise.all(
    ours.map(async ({ symbol, orderId, clientOrderId, origQty, executedQty }) => {
      const answer = await connection.request('order.cancel', { symbol, orderId });
      return {
        exchangeOrderId: clientOrderId,
        symbol,
        quantity: origQty,
        executedQuantity: executedQty,
        isCanceled: answer.type === 'result',
      };
    }),
  );
}

/**
 * Cancels an order that was given up, and was reported as open later.
 *
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` without an answer
 */
export async function cancelLate(connection: Connection, report: ExecutionReport): Promise<Orphan> {
  const { s: symbol, i: orderId, q: quantity, z: executedQuantity } = report;
  const answer = await connection.request('order.cancel', { symbol, orderId });
  const isCanceled = answer.type === 'result';
  const exchangeOrderId = reportedOrderId(report);
  return { exchangeOrderId, symbol, quantity, executedQuantity, isCanceled };
}
