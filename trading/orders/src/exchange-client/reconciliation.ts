import { parseQuantity } from '@throughline/instruments';
import type { Execution } from '../domain/exchange-order.ts';
import { ask, type Connection } from './ask.ts';
import { fillOf, openOrdersSchema, tradesSchema } from './exchange-messages.ts';
import type { OpenOrder } from './open-order.ts';

/** A fill that was learned of by asking, whose it is, and what it was read from. */
interface Missed {
  readonly open: OpenOrder;
  readonly execution: Execution;
  readonly raw: unknown;
}

interface Reconciliation {
  /** Fills since the orders were sent, known ones included, oldest first by symbol. */
  readonly fills: readonly Missed[];
  /**
   * Orders that are neither open at the exchange with what is then known here, nor filled: what
   * became of each has to be asked.
   */
  unclear(): OpenOrder[];
}

const TRADES_MAX = 1_000;
/** What the order was after the fill is not told with a trade: it is filled when this completes it. */
const STATUS = 'PARTIALLY_FILLED';

/**
 * Asks the exchange what happened while nobody listened: which orders are open, then the trades of
 * each symbol since the last one known when its oldest open order was sent. A few questions for any
 * number of orders. Asked in this order, an order that is no longer open has all its trades in the
 * answer.
 *
 * @param orders that the exchange may know of
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when there is no usable answer
 */
export async function reconcile(
  connection: Connection,
  orders: readonly OpenOrder[],
): Promise<Reconciliation> {
  const rows = await ask(connection, 'openOrders.status', {}, openOrdersSchema);
  const byClientId = new Map(orders.map((open) => [open.order.exchangeOrderId, open]));
  const executedLots = new Map<OpenOrder, bigint>();
  for (const { clientOrderId, orderId, executedQty } of rows) {
    const open = byClientId.get(clientOrderId);
    if (!open) continue;
    open.venueOrderId = orderId;
    executedLots.set(open, parseQuantity(open.instrument, executedQty) ?? 0n);
  }
  const bySymbol = Map.groupBy(orders, ({ order }) => order.symbol);
  const fills: Missed[] = [];
  for (const [symbol, ofSymbol] of bySymbol) {
    fills.push(...(await askFills(connection, symbol, ofSymbol)));
  }
  return {
    fills,
    unclear: () =>
      orders.filter((open) => !open.isEnded && executedLots.get(open) !== open.cumLots),
  };
}

/** Orders that were sent when no trade was known yet are left out: they are asked for one by one. */
async function askFills(
  connection: Connection,
  symbol: string,
  orders: readonly OpenOrder[],
): Promise<Missed[]> {
  const byVenueId = new Map<number, OpenOrder>();
  let fromId = Number.POSITIVE_INFINITY;
  for (const open of orders) {
    if (open.venueOrderId === undefined || open.lastTradeId === undefined) continue;
    byVenueId.set(open.venueOrderId, open);
    fromId = Math.min(fromId, open.lastTradeId + 1);
  }
  if (byVenueId.size === 0) return [];
  const missed: Missed[] = [];
  for (;;) {
    const params = { symbol, fromId, limit: TRADES_MAX };
    const trades = await ask(connection, 'myTrades', params, tradesSchema);
    for (const trade of trades) {
      const open = byVenueId.get(trade.orderId);
      const execution = open && fillOf(open, trade, STATUS);
      if (execution) missed.push({ open, execution, raw: trade });
    }
    const lastId = trades.at(-1)?.id ?? fromId;
    if (trades.length < TRADES_MAX || lastId <= fromId) return missed;
    // Not the next one: of a trade between two orders of ours only one side may be on this page.
    fromId = lastId;
  }
}
