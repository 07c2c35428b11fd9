import {
  type Attributes,
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { formatPrice, formatQuantity, type Instrument } from '@throughline/instruments';
import { ATTR, LINK_TYPE, MESSAGING_SYSTEM, ORDER_SPAN } from '@throughline/model';
import {
  type Carrier,
  clientContextLink,
  spanTime,
  type Tracing,
  type TypedLink,
  toLink,
  withBusinessIds,
} from '@throughline/sdk';
import type { ClientOrder } from '../domain/client-order.ts';
import { clientOrderAttributes, type OrderIds } from '../domain/client-order.ts';
import type { AmendType } from './messages.ts';
import type { DeskOrder, OpenOrder } from './order-desk.ts';
import type { AmendRequest, ReplaceOrder } from './requests.ts';

/** A message from a client, and when it came. */
export interface Arrived {
  readonly message: unknown;
  readonly startTime: HrTime;
}

interface SpanInContext {
  readonly span: Span;
  readonly context: Context;
}

interface RootOptions {
  readonly ids: OrderIds & { readonly symbol: string };
  readonly attributes: Attributes;
  readonly kind?: SpanKind;
  /** What the client sent; undefined where we act by ourselves. */
  readonly arrived?: Arrived | undefined;
  readonly links?: readonly TypedLink[];
}

const AMEND_SPAN = {
  cancel: ORDER_SPAN.clientOrderCancelReceived,
  replace: ORDER_SPAN.clientOrderReplaceReceived,
} as const;

/**
 * The spans of the gateway, each a root: a client's context is linked, never continued, and its
 * baggage is dropped, for it is not trusted.
 */
export class GatewaySpans {
  readonly #tracing: Tracing;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** @param replaced the order in whose place it comes */
  order(
    order: ClientOrder,
    instrument: Instrument,
    { arrived, replaced }: { arrived?: Arrived; replaced?: DeskOrder },
  ): SpanInContext {
    return this.#root(ORDER_SPAN.clientOrderReceived, {
      ids: order,
      arrived,
      attributes: clientOrderAttributes(order, instrument),
      links: replaced ? [{ spanContext: replaced.begin, type: LINK_TYPE.replaces }] : [],
    });
  }

  /** The context for whoever goes on with the order when this process is gone. */
  carrierOf(context: Context): Carrier {
    const carrier: Carrier = {};
    this.#tracing.propagator.inject(context, carrier);
    return carrier;
  }

  /** A request to end an open order: a part of that order's lifecycle. */
  amend(
    type: AmendType,
    { requestId }: AmendRequest,
    open: OpenOrder,
    { arrived, wanted }: { arrived: Arrived; wanted?: Attributes },
  ): SpanInContext {
    return this.#root(AMEND_SPAN[type], {
      ids: open.order,
      arrived,
      attributes: { ...idAttributes(open.order), [ATTR.clientRequestId]: requestId, ...wanted },
      links: [{ spanContext: open.begin, type: LINK_TYPE.amends }],
    });
  }

  expiry(open: OpenOrder): SpanInContext {
    return this.#root(ORDER_SPAN.clientOrderExpiry, {
      ids: open.order,
      kind: SpanKind.INTERNAL,
      attributes: idAttributes(open.order),
      links: [{ spanContext: open.begin, type: LINK_TYPE.amends }],
    });
  }

  /**
   * A cancel or replace that is refused at once: a part of the order's lifecycle, if there is such
   * an order.
   */
  amendRefused(
    type: AmendType,
    request: AmendRequest,
    arrived: Arrived,
    refusal: { readonly code: string; readonly text: string; readonly isKnown: boolean },
  ): void {
    const { userId, requestId, origClientOrderId } = request;
    this.#refused(AMEND_SPAN[type], arrived, {
      [ATTR.userId]: userId,
      ...(refusal.isKnown ? { [ATTR.clientOrderId]: origClientOrderId } : {}),
      [ATTR.clientRequestId]: requestId,
      [ATTR.orderReasonCode]: refusal.code,
      [ATTR.orderReason]: refusal.text,
    });
  }

  /** A message that is answered with an error. Its ids may be of any kind: none is taken over. */
  refused(arrived: Arrived, code: string, text: string): void {
    const attributes = { [ATTR.orderReasonCode]: code, [ATTR.orderReason]: text };
    this.#refused(ORDER_SPAN.clientOrderRefused, arrived, attributes);
  }

  #refused(name: string, { message, startTime }: Arrived, attributes: Attributes): void {
    const link = clientContextLink(this.#tracing, message);
    const links = link ? [link] : [];
    const all = { [ATTR.messagingSystem]: MESSAGING_SYSTEM.websocket, ...attributes };
    this.#tracing.tracer
      .startSpan(name, { kind: SpanKind.SERVER, startTime, links, attributes: all }, ROOT_CONTEXT)
      .end(spanTime());
  }

  #root(name: string, { ids, attributes, kind, arrived, links = [] }: RootOptions): SpanInContext {
    const client = arrived && clientContextLink(this.#tracing, arrived.message);
    const ours = links.flatMap((link) => toLink(this.#tracing, link) ?? []);
    const parent = withBusinessIds(ROOT_CONTEXT, {
      [ATTR.userId]: ids.userId,
      [ATTR.clientOrderId]: ids.clientOrderId,
      symbol: ids.symbol,
    });
    const span = this.#tracing.tracer.startSpan(
      name,
      {
        kind: kind ?? SpanKind.SERVER,
        startTime: arrived?.startTime ?? spanTime(),
        links: client ? [...ours, client] : ours,
        attributes: arrived
          ? { [ATTR.messagingSystem]: MESSAGING_SYSTEM.websocket, ...attributes }
          : attributes,
      },
      parent,
    );
    return { span, context: trace.setSpan(parent, span) };
  }
}

/** What a replace asks for, over the whole chain. */
export function wantedAttributes(
  { totalLots, priceTicks }: ReplaceOrder,
  instrument: Instrument,
): Attributes {
  return {
    [ATTR.orderQuantity]: formatQuantity(instrument, totalLots),
    ...(priceTicks === undefined ? {} : { [ATTR.orderPrice]: formatPrice(instrument, priceTicks) }),
  };
}

function idAttributes({ userId, clientOrderId, symbol }: ClientOrder): Attributes {
  return {
    [ATTR.userId]: userId,
    [ATTR.clientOrderId]: clientOrderId,
    [ATTR.tradingSymbol]: symbol,
  };
}
