import {
  type Attributes,
  type Context,
  context as contextApi,
  type Link,
  type SpanContext,
  SpanKind,
} from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model/names';
import { type TypedLink, toLink } from '../causality/link.ts';
import { startLinkedRoot } from '../causality/linked-root.ts';
import { startSupplements } from '../causality/supplements.ts';
import type { Carrier } from '../propagation/carrier.ts';
import {
  runInSpan,
  type SpanOutcome,
  type StartedSpan,
  startedSpan,
} from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type MessagingEndpoint, messagingAttributes, startProducer } from './producer.ts';

export interface BatchConsumerOptions<M> extends MessagingEndpoint {
  readonly attributes?: Attributes;
  /** What came with a message. */
  carrierOf(message: M): Carrier;
  /** Of the link to a message's context: what tells this message from the others. */
  linkAttributes(message: M): Attributes;
  /** Starts the span of processing a message, as {@link startConsumer} does, which counts it. */
  startProcess(message: M): StartedSpan;
}

/** Processes one message of a batch in a span of its own, with its own context active. */
export type ProcessMessage<M> = <T>(message: M, fn: (started: StartedSpan) => T) => T;

/**
 * Receives a batch: one `receive` span, a new trace, links to the context of every message and
 * lasts as long as the handler, with its context active: what the handler does for the batch as a
 * whole belongs there. What it does for one message it does in `process`, whose span is the child of
 * that message's context and takes its own time only.
 *
 * A message's span has no link to the `receive` span. That link would make everything that follows
 * from one message of the batch a consequence of all the others, since the `receive` span follows
 * from each of them.
 *
 * Messages that the handler does not `process` are counted when it ends.
 */
export function consumeBatch<M, T>(
  tracing: Tracing,
  name: string,
  messages: readonly M[],
  options: BatchConsumerOptions<M>,
  handler: (process: ProcessMessage<M>) => T,
): T {
  const unprocessed = new Set(messages);
  const process = <R>(message: M, fn: (started: StartedSpan) => R): R => {
    unprocessed.delete(message);
    return runInSpan(options.startProcess(message), fn);
  };
  if (messages.length === 0) return handler(process);
  const receive = startReceive(tracing, name, messages, options);
  const end = (outcome?: SpanOutcome): void => {
    for (const message of unprocessed) {
      tracing.messageCounts[tracing.propagator.read(options.carrierOf(message)).outcome] += 1;
    }
    receive.end(outcome);
  };
  return runInSpan({ ...receive, end }, () => handler(process));
}

function startReceive<M>(
  tracing: Tracing,
  name: string,
  messages: readonly M[],
  options: BatchConsumerOptions<M>,
): StartedSpan {
  const members: TypedLink[] = [];
  for (const message of messages) {
    const { spanContext } = tracing.propagator.read(options.carrierOf(message));
    // Without a context there is nothing to link to: the message's own span tells.
    if (!spanContext) continue;
    const attributes = options.linkAttributes(message);
    members.push({ spanContext, type: LINK_TYPE.memberOf, attributes });
  }
  return startLinkedRoot(tracing, name, members, {
    kind: SpanKind.CLIENT,
    attributes: {
      ...messagingAttributes(options, 'receive'),
      [ATTR.messagingBatchMessageCount]: messages.length,
      ...options.attributes,
    },
  });
}

export interface BatchProducerOptions extends MessagingEndpoint {
  /** The parent; by default the active context. */
  readonly context?: Context;
  readonly attributes?: Attributes;
}

/**
 * Starts the `create` span of one message of a batch, which is the context that the message carries
 * (OpenTelemetry messaging spans, `create`). Creating takes no time: end it at once.
 */
export function startCreate(
  tracing: Tracing,
  name: string,
  options: BatchProducerOptions,
): StartedSpan {
  return startProducer(tracing, name, {
    ...options,
    attributes: {
      ...options.attributes,
      [ATTR.messagingOperationName]: 'create',
      [ATTR.messagingOperationType]: 'create',
    },
  });
}

/**
 * Starts the span of sending messages that were created before, with a link to the context of each:
 * kind CLIENT, since no consumer's span is its child. Links beyond what one span keeps go to
 * supplement spans, as in {@link startLinkedRoot}.
 */
export function startBatchSend(
  tracing: Tracing,
  name: string,
  created: readonly SpanContext[],
  options: BatchProducerOptions,
): StartedSpan {
  const links: Link[] = [];
  for (const spanContext of created) {
    const link = toLink(tracing, { spanContext, type: LINK_TYPE.memberOf });
    if (link) links.push(link);
  }
  const parent = options.context ?? contextApi.active();
  const send = startProducer(tracing, name, {
    ...options,
    context: parent,
    kind: SpanKind.CLIENT,
    links: links.slice(0, tracing.linkCountLimit),
  });
  const supplements = startSupplements(tracing, name, links, send.context);
  return startedSpan(send.span, parent, supplements);
}
