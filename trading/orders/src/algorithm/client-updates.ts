import { type Context, type HrTime, trace } from '@opentelemetry/api';
import { formatQuantity, type Instruments, instrumentOf } from '@throughline/instruments';
import { ATTR, LINK_TYPE, ORDER_SPAN } from '@throughline/model';
import {
  registryKey,
  type SpanContextRegistry,
  type StartedSpan,
  startMatch,
  type Tracing,
  type TypedLink,
  withBusinessIds,
} from '@throughline/sdk';
import type { ClientOrder } from '../domain/client-order.ts';
import type { Execution } from '../domain/exchange-order.ts';
import type { Allotment } from '../domain/group-execution.ts';
import { isTerminal } from '../domain/order-state.ts';
import { type Reason, venueRejectReason } from '../domain/reason.ts';
import type { OrderUpdated, TracedMember } from '../events.ts';
import { updateAttributes } from '../update-attributes.ts';

interface ClientUpdatesOptions {
  readonly instruments: Instruments;
  readonly allocationMethod: string;
  readonly send: (event: OrderUpdated, context: Context) => void;
}

interface MatchOptions {
  readonly batchId: string;
  readonly execution: Execution;
  /** The span that received it. */
  readonly received: StartedSpan;
  readonly startTime: HrTime;
  readonly allotments: readonly Allotment[];
}

/** What becomes of client orders, as spans and as messages to their clients. */
export class ClientUpdates {
  readonly #tracing: Tracing;
  readonly #options: ClientUpdatesOptions;
  /** By (user.id, client.order_id): where a client order began. */
  readonly #begins: SpanContextRegistry;

  constructor(tracing: Tracing, options: ClientUpdatesOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#begins = tracing.createRegistry();
  }

  /** Notes where an order began, for links to it. */
  add({ order, carrier }: TracedMember): void {
    const { spanContext } = this.#tracing.propagator.read(carrier);
    if (spanContext) this.#begins.set(beginKey(order), spanContext);
  }

  startMatch({ batchId, execution, received, startTime, allotments }: MatchOptions): StartedSpan {
    const { exchangeOrderId, symbol, outcome } = execution;
    const instrument = instrumentOf(this.#options.instruments, symbol);
    const fillId = outcome.type === 'fill' ? outcome.fillId : undefined;
    return startMatch(this.#tracing, ORDER_SPAN.fillMatching, {
      startTime,
      links: [
        { context: received.context, type: LINK_TYPE.filledBy },
        ...allotments.map(
          ({ order, lots }): TypedLink => ({
            spanContext: this.#begins.get(beginKey(order)),
            type: LINK_TYPE.allocatedTo,
            attributes: { [ATTR.fillQuantity]: formatQuantity(instrument, lots) },
          }),
        ),
      ],
      businessIds: {
        [ATTR.batchId]: batchId,
        [ATTR.exchangeOrderId]: exchangeOrderId,
        [ATTR.fillId]: fillId,
        symbol,
      },
      attributes: {
        [ATTR.allocationMethod]: this.#options.allocationMethod,
        ...(fillId === undefined ? {} : { [ATTR.fillId]: fillId }),
      },
    });
  }

  /**
   * @param outcome the execution that did it; undefined when no execution was needed
   * @param context of the span below which the update is
   */
  tell(allotment: Allotment, outcome: Execution['outcome'] | undefined, context: Context): void {
    const { order, lots, state } = allotment;
    const reason = reasonOf(allotment, outcome);
    const parent = withBusinessIds(context, {
      [ATTR.userId]: order.userId,
      [ATTR.clientOrderId]: order.clientOrderId,
    });
    const instrument = instrumentOf(this.#options.instruments, order.symbol);
    const attributes = updateAttributes(allotment, instrument, reason);
    const { tracer } = this.#tracing;
    const span = tracer.startSpan(ORDER_SPAN.clientOrderUpdate, { attributes }, parent);
    if (isTerminal(state.status)) this.#begins.delete(beginKey(order));
    const fill =
      outcome?.type === 'fill' && lots > 0n
        ? { fillId: outcome.fillId, priceTicks: outcome.priceTicks }
        : undefined;
    this.#options.send(
      { type: 'order_updated', allotment, fill, reason },
      trace.setSpan(parent, span),
    );
    span.end();
  }
}

function beginKey({ userId, clientOrderId }: ClientOrder): string {
  return registryKey(userId, clientOrderId);
}

/** Why the order ended; undefined when it goes on or is filled. */
function reasonOf(
  { request, state }: Allotment,
  outcome: Execution['outcome'] | undefined,
): Reason | undefined {
  if (!isTerminal(state.status) || state.status === 'filled') return undefined;
  if (request) return request.reason;
  // A fill that ends orders without filling them: other exchange orders of theirs had ended before.
  const text = outcome?.type === 'end' ? outcome.reason : 'no exchange order is left';
  switch (state.status) {
    case 'rejected':
      return { code: venueRejectReason(text), text };
    case 'expired':
      return { code: 'venue_expired', text };
    default:
      return { code: 'venue_canceled', text };
  }
}
