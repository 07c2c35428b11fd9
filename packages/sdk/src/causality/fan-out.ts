import { type ProducerOptions, startProducer } from '../messaging/producer.ts';
import type { StartedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** One of the messages that an operation is split into: its own ids, attributes and links. */
export type FanOutPart = Pick<ProducerOptions, 'attributes' | 'businessIds' | 'links'>;

export interface FanOutOptions extends Omit<ProducerOptions, keyof FanOutPart> {
  readonly parts: readonly FanOutPart[];
}

/**
 * One operation, many messages: starts a PRODUCER span for each part, all children of the same
 * context, each with its own baggage on top of what the context has. Send and end each of them.
 */
export function startFanOut(tracing: Tracing, name: string, options: FanOutOptions): StartedSpan[] {
  const { parts, ...shared } = options;
  return parts.map((part) => startProducer(tracing, name, { ...shared, ...part }));
}
