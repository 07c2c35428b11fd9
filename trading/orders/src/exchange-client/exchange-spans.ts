import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
} from '@opentelemetry/api';
import { ATTR, LINK_TYPE, MESSAGING_SYSTEM, ORDER_SPAN } from '@throughline/model';
import {
  type Carrier,
  messagingAttributes,
  redactedText,
  type SpanContextRegistry,
  type StartedSpan,
  startMatch,
  startWebSocketProducer,
  type Tracing,
  type TypedLink,
} from '@throughline/sdk';

/** A report of an order, in its words for spans. */
interface Received {
  readonly exchangeOrderId: string;
  readonly symbol: string;
  readonly exchangeStatus: string;
  /** Undefined for what is no fill. */
  readonly fillId: string | undefined;
  /** What it was read from. */
  readonly raw: unknown;
  /** Learned of by asking. */
  readonly isRecovered: boolean;
  /** The span that asked to cancel the order, if one did and the report says canceled. */
  readonly cancelContext: SpanContext | undefined;
}

const RECEIVED = { system: MESSAGING_SYSTEM.websocket, destination: 'executionReport' };
const RAW_DATA_CHARS_MAX = 1_024;
/** A fill is repeated soon, or not at all. */
const REMEMBERED_FILLS_MAX = 20_000;

/**
 * The spans of the conversation with one venue. The venue knows nothing of traces: what it reports
 * is linked by order id to what was sent.
 */
export class ExchangeSpans {
  readonly #tracing: Tracing;
  readonly #venue: string;
  /** Of spans that speak to the venue. */
  readonly #server: Attributes;
  /** By exchange order id: the span that sent the order. */
  readonly #sent: SpanContextRegistry;
  /** By fill id: the span that received it first. */
  readonly #received: SpanContextRegistry;

  constructor(tracing: Tracing, venue: string, wsApiUrl: string) {
    this.#tracing = tracing;
    this.#venue = venue;
    this.#server = { [ATTR.exchangeVenue]: venue, ...serverAttributes(wsApiUrl) };
    this.#sent = tracing.createRegistry();
    this.#received = tracing.createRegistry({ entriesMax: REMEMBERED_FILLS_MAX });
  }

  /** Sending an order: the child of the span in the carrier. */
  startPlace(exchangeOrderId: string, carrier: Carrier): StartedSpan {
    const context = this.#tracing.propagator.extract(ROOT_CONTEXT, carrier);
    const started = this.#startSend('order.place', exchangeOrderId, context);
    this.#sent.set(exchangeOrderId, started.span.spanContext());
    return started;
  }

  /** Sending a cancel. There is no span when the carrier says nothing of who wants it. */
  startCancel(exchangeOrderId: string, carrier: Carrier): StartedSpan | undefined {
    const { propagator } = this.#tracing;
    if (!propagator.read(carrier).spanContext) return undefined;
    const context = propagator.extract(ROOT_CONTEXT, carrier);
    return this.#startSend('order.cancel', exchangeOrderId, context);
  }

  startReceive(received: Received): StartedSpan {
    const { exchangeOrderId, fillId, cancelContext } = received;
    const links: TypedLink[] = [
      { spanContext: this.#sent.get(exchangeOrderId), type: LINK_TYPE.responseTo },
    ];
    if (cancelContext) links.push({ spanContext: cancelContext, type: LINK_TYPE.responseTo });
    const started = this.#startReceive(received, links, {});
    if (fillId !== undefined) this.#received.set(fillId, started.span.spanContext());
    return started;
  }

  /** Whether the fill was received before, as far as that is remembered. */
  knows(fillId: string): boolean {
    return this.#received.has(fillId);
  }

  /** A fill that was received before and changes nothing. */
  receivedAgain(received: Received & { readonly fillId: string }): void {
    const { exchangeOrderId, fillId } = received;
    const links: TypedLink[] = [
      { spanContext: this.#received.get(fillId), type: LINK_TYPE.redeliveryOf },
    ];
    if (this.#sent.has(exchangeOrderId)) {
      const spanContext = this.#sent.get(exchangeOrderId);
      links.push({ spanContext, type: LINK_TYPE.responseTo });
    }
    this.#startReceive(received, links, { [ATTR.messagingRedelivered]: true }).end();
  }

  #startSend(destination: string, exchangeOrderId: string, context: Context): StartedSpan {
    return startWebSocketProducer(this.#tracing, ORDER_SPAN.externalExchangeWsSend, {
      context,
      kind: SpanKind.CLIENT,
      destination,
      attributes: { [ATTR.exchangeOrderId]: exchangeOrderId, ...this.#server },
    });
  }

  #startReceive(received: Received, links: readonly TypedLink[], marks: Attributes): StartedSpan {
    const { exchangeOrderId, symbol, fillId } = received;
    return startMatch(this.#tracing, ORDER_SPAN.externalExchangeWsRecv, {
      kind: SpanKind.CONSUMER,
      links,
      businessIds: { [ATTR.exchangeOrderId]: exchangeOrderId, [ATTR.fillId]: fillId, symbol },
      attributes: {
        ...messagingAttributes(RECEIVED, 'process'),
        [ATTR.exchangeOrderId]: exchangeOrderId,
        [ATTR.exchangeVenue]: this.#venue,
        [ATTR.exchangeOrderStatus]: received.exchangeStatus,
        [ATTR.fillRawData]: redactedText(received.raw, RAW_DATA_CHARS_MAX),
        ...(fillId === undefined ? {} : { [ATTR.fillId]: fillId }),
        ...(received.isRecovered ? { [ATTR.exchangeRecovered]: true } : {}),
        ...marks,
      },
    });
  }
}

function serverAttributes(url: string): Attributes {
  const { hostname, port, protocol } = new URL(url);
  const defaultPort = protocol === 'wss:' ? 443 : 80;
  return {
    [ATTR.serverAddress]: hostname,
    [ATTR.serverPort]: port === '' ? defaultPort : Number(port),
  };
}
