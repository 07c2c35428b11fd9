import {
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
} from '@opentelemetry/api';
import type { Instruments } from '@throughline/instruments';
import { ORDER_SPAN } from '@throughline/model';
import type { Tracing } from '@throughline/sdk';
import { ended } from '../domain/order-state.ts';
import type { Reason } from '../domain/reason.ts';
import type { OrderUpdated } from '../events.ts';
import { updateAttributes } from '../update-attributes.ts';
import type { JournaledOrder } from './order-journal.ts';

const RESTARTED: Reason = {
  code: 'restarted',
  text: 'the process that worked it has ended; what was open of it is canceled',
};
const FLUSH_TIMEOUT_MS = 1_000;

/** Where an order began; invalid for one that was not traced. */
export function beginOf(tracing: Tracing, { carrier }: JournaledOrder): SpanContext {
  return tracing.propagator.read(carrier).spanContext ?? INVALID_SPAN_CONTEXT;
}

/**
 * Ends the orders of an earlier process, each in its own trace, when nothing of them is open at the
 * exchange any more. The spans are sent before the journal says that the orders have ended: who is killed in
 * between leaves them to the next process, which says it again.
 *
 * @param update tells the order's user, and the journal
 * @returns how many ended: those in a symbol that nobody trades here are left to whoever does
 */
export async function endLeftOrders(
  tracing: Tracing,
  left: readonly JournaledOrder[],
  { instruments, update }: { instruments: Instruments; update: (event: OrderUpdated) => void },
): Promise<number> {
  const events: OrderUpdated[] = [];
  for (const journaled of left) {
    const { order, carrier, state } = journaled;
    const instrument = instruments.get(order.symbol);
    if (!instrument) continue;
    const allotment = { order, lots: 0n, state: ended(state, 'canceled') };
    events.push({ type: 'order_updated', allotment, fill: undefined, reason: RESTARTED });
    if (!isSpanContextValid(beginOf(tracing, journaled))) continue;
    const context = tracing.propagator.extract(ROOT_CONTEXT, carrier);
    const attributes = updateAttributes(allotment, instrument, RESTARTED);
    tracing.tracer.startSpan(ORDER_SPAN.clientOrderUpdate, { attributes }, context).end();
  }
  await tracing.flush(FLUSH_TIMEOUT_MS);
  for (const event of events) update(event);
  return events.length;
}
