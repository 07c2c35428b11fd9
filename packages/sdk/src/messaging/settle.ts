import { type Attributes, type Context, SpanKind } from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import { type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type MessagingEndpoint, messagingAttributes } from './producer.ts';

export interface SettleOptions extends MessagingEndpoint {
  /** The broker's word for what is done, such as `ack`, `nak`, `term`, `working` or `commit`. */
  readonly operation: string;
  /** That of the message's processing, whose child the span is. */
  readonly context: Context;
  readonly attributes?: Attributes;
}

/**
 * Starts the span of telling the broker what became of a message (OpenTelemetry messaging spans,
 * `settle`), named like `ack signals.trading`. End it when the client says that it is done.
 */
export function startSettle(tracing: Tracing, options: SettleOptions): StartedSpan {
  const { destination, operation, context, attributes } = options;
  const span = tracing.tracer.startSpan(
    destination === undefined ? operation : `${operation} ${destination}`,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        ...messagingAttributes(options, 'settle'),
        [ATTR.messagingOperationName]: operation,
        ...attributes,
      },
    },
    context,
  );
  return startedSpan(span, context);
}
