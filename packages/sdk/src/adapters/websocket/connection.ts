import {
  type Attributes,
  type Context,
  context as contextApi,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model/names';
import { toLink } from '../../causality/link.ts';
import { untrustedContextLink } from '../../privacy/trust-boundary.ts';
import type { Carrier } from '../../propagation/carrier.ts';
import { type StartedSpan, startedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { ABNORMAL_CLOSE, type CloseInfo } from './socket.ts';

const CONNECT_SPAN = 'websocket connect';
const CLOSE_SPAN = 'websocket close';

/** The HTTP request that a server upgraded, such as Node's `IncomingMessage`. */
export interface UpgradeRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface ConnectionOptions {
  /**
   * The peer is a service of our own: its context is continued, and ours is sent to it. By default
   * it is not: what it sends as context is only linked to (`client_context`), and nothing of ours
   * goes to it.
   */
  readonly trusted?: boolean;
  /** On the spans of the connection's opening and end. */
  readonly attributes?: Attributes;
}

/**
 * Starts the span of opening a connection from here, under the active context. It is to end when the
 * connection is open: a span that lasts as long as a connection is lost when the process crashes.
 */
export function startConnecting(tracing: Tracing, options: ConnectionOptions): StartedSpan {
  const parent = contextApi.active();
  return startConnection(tracing, SpanKind.CLIENT, parent, [], options);
}

/** Starts the span of upgrading a request to a connection: believed as far as the client is. */
export function startUpgrade(
  tracing: Tracing,
  request: UpgradeRequest,
  options: ConnectionOptions,
): StartedSpan {
  const carrier = request.headers as Carrier;
  if (options.trusted) {
    const parent = tracing.propagator.extract(ROOT_CONTEXT, carrier);
    return startConnection(tracing, SpanKind.SERVER, parent, [], options);
  }
  const link = untrustedContextLink(tracing, carrier);
  return startConnection(tracing, SpanKind.SERVER, ROOT_CONTEXT, link ? [link] : [], options);
}

/** The link from a message's span to its connection: never its parent, which would last for days. */
export function connectionLink(tracing: Tracing, { context }: StartedSpan): Link | undefined {
  return toLink(tracing, { context, type: LINK_TYPE.connection });
}

/** What is known of a connection at its end. */
export interface ConnectionEnd extends CloseInfo {
  /** What the socket reported before it closed; undefined: nothing. */
  readonly error: unknown;
  readonly sent: number;
  readonly received: number;
}

/** The span of a connection's end: a trace of its own, linked to the opening. */
export function recordEnd(
  tracing: Tracing,
  link: Link | undefined,
  end: ConnectionEnd,
  options: ConnectionOptions,
): void {
  const span = tracing.tracer.startSpan(
    CLOSE_SPAN,
    {
      links: link ? [link] : [],
      attributes: {
        ...connectionAttributes(options),
        [ATTR.websocketCloseCode]: end.code,
        ...(end.reason === '' ? {} : { [ATTR.websocketCloseReason]: end.reason }),
        [ATTR.websocketMessagesSent]: end.sent,
        [ATTR.websocketMessagesReceived]: end.received,
      },
    },
    ROOT_CONTEXT,
  );
  if (end.error === undefined && end.code === ABNORMAL_CLOSE) {
    span.setAttribute(ATTR.errorType, String(ABNORMAL_CLOSE));
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'the connection broke off' });
  }
  startedSpan(span, ROOT_CONTEXT).end(end.error === undefined ? {} : { error: end.error });
}

function startConnection(
  tracing: Tracing,
  kind: SpanKind,
  parent: Context,
  links: Link[],
  options: ConnectionOptions,
): StartedSpan {
  const attributes = connectionAttributes(options);
  const span = tracing.tracer.startSpan(CONNECT_SPAN, { kind, links, attributes }, parent);
  return startedSpan(span, parent);
}

function connectionAttributes({ attributes }: ConnectionOptions): Attributes {
  return { [ATTR.networkProtocolName]: 'websocket', ...attributes };
}
