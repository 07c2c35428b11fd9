import {
  type Attributes,
  type Context,
  context as contextApi,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { ATTR, MESSAGING_SYSTEM } from '@throughline/model/names';
import { receivedDefect } from '../../messaging/consumer.ts';
import { messagingAttributes } from '../../messaging/producer.ts';
import type { Carrier } from '../../propagation/carrier.ts';
import { extractFromPayload, injectIntoPayload } from '../../propagation/payload.ts';
import { currentTracing } from '../../tracing/current-tracing.ts';
import { noSpan, runInSpan, type StartedSpan, startedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { readCarrier } from './carrier.ts';
import { isNatsMessage } from './client.ts';

export interface MessageSpanOptions {
  readonly attributes?: Attributes;
  /** `messaging.destination.name`; by default that of a received message. */
  readonly subject?: string;
}

/**
 * Trace context in parsed JSON messages, in their field `_otel_trace_headers`, with the current
 * tracing of the process: for services that publish and subscribe with the client itself. What reads
 * a context also takes the received message itself, and then finds it in the headers, too. Nothing
 * here throws, except what the given function throws, and no message is changed.
 */
export const NatsTracePropagator = {
  /**
   * A copy of the message with the active context in it. Returned as it is when there is none, and
   * when it is no plain object.
   */
  injectContext<T>(message: T): T {
    return unharmed(() => injectIntoPayload(currentTracing(), message) as T, message);
  },

  /** The context that came with the message, baggage included; the root one when none came. */
  extractContext(message: unknown): Context {
    return unharmed(() => {
      const tracing = currentTracing();
      return tracing.propagator.extract(ROOT_CONTEXT, carrierOf(tracing, message));
    }, ROOT_CONTEXT);
  },

  /**
   * Runs the function, sync or async, in a consumer span below the message's context, which is
   * active in it. The span's status is OK when it returns, and an error, recorded and thrown on,
   * when it throws; a status that the function sets itself stays.
   */
  createSpanFromMessage<T>(
    tracer: Tracer,
    message: unknown,
    name: string,
    options: MessageSpanOptions,
    fn: (span: Span) => T,
  ): T {
    const started = unharmed(
      () => startFromMessage(tracer, message, name, options),
      noSpan(contextApi.active()),
    );
    return runInSpan(withOkStatus(started), () => fn(started.span));
  },

  /** A copy of the message without what {@link NatsTracePropagator.injectContext} put in. */
  removeTraceHeaders<T>(message: T): T {
    return unharmed(() => extractFromPayload(message).payload as T, message);
  },
};

function startFromMessage(
  tracer: Tracer,
  message: unknown,
  name: string,
  { subject, attributes }: MessageSpanOptions,
): StartedSpan {
  const tracing = currentTracing();
  const { spanContext, baggage, outcome } = tracing.propagator.read(carrierOf(tracing, message));
  if (tracing.enabled) tracing.messageCounts[outcome] += 1;
  const root = baggage ? propagation.setBaggage(ROOT_CONTEXT, baggage) : ROOT_CONTEXT;
  const parent = spanContext ? trace.setSpanContext(root, spanContext) : root;
  const destination = subject ?? (isNatsMessage(message) ? message.subject : undefined);
  const endpoint = {
    system: MESSAGING_SYSTEM.nats,
    ...(destination === undefined ? {} : { destination }),
  };
  const defect = receivedDefect({ outcome });
  const span = tracer.startSpan(
    name,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...messagingAttributes(endpoint, 'process'),
        ...(defect === undefined ? {} : { [ATTR.contextReceived]: defect }),
        ...attributes,
      },
    },
    parent,
  );
  return startedSpan(span, parent);
}

function carrierOf(tracing: Tracing, message: unknown): Carrier {
  if (isNatsMessage(message)) return readCarrier(tracing, message);
  return extractFromPayload(message).carrier;
}

/** Its status becomes OK when it ends without an error, unless it has one already. */
function withOkStatus(started: StartedSpan): StartedSpan {
  const { span, context } = started;
  return {
    span,
    context,
    end(outcome = {}) {
      if (!('error' in outcome) && isUnset(span)) span.setStatus({ code: SpanStatusCode.OK });
      started.end(outcome);
    },
  };
}

/** The API lets a status be set, not read; the SDKs' spans have it all the same. */
function isUnset(span: Span): boolean {
  const { status } = span as { status?: { code?: SpanStatusCode } };
  return (status?.code ?? SpanStatusCode.UNSET) === SpanStatusCode.UNSET;
}

/** What tracing makes of a message, or the fallback when the message is one that throws when read. */
function unharmed<T>(attempt: () => T, fallback: T): T {
  try {
    return attempt();
  } catch {
    return fallback;
  }
}
