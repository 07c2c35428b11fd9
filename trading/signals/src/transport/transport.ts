import type { StartedSpan } from '@throughline/sdk';
import type { ServiceMetrics } from '@throughline/service';

/**
 * How the services talk: over NATS, or over channels in one process. Messages are plain data and
 * arrive as what they were sent; each is processed in a span of its own below its sender's. A
 * consumer gets its messages one after the other.
 */
export interface Transport {
  /**
   * To everybody who listens now, at most once: what comes late is worth nothing.
   *
   * @returns `false` when it was dropped, and counted, since there is no connection
   */
  publish(subject: string, message: object): boolean;
  /**
   * To the stream of this subject, for consumers that get it at least once. Resolves when it is
   * stored; goes on trying for {@link STORE_MS_MAX}.
   *
   * @param id of the message: a second one with the same id is not stored
   * @throws what the last attempt threw; the message is not stored
   */
  store(subject: string, message: object, id: string): Promise<void>;
  /** @throws when nobody answers in time */
  request(subject: string, message: object, timeoutMs: number): Promise<unknown>;
  /** Listens to what is published. What the handler throws is recorded and logged. */
  subscribe(subject: string, handler: Handler, options?: SubscribeOptions): void;
  /** Answers requests. Of several services of one name, one answers. */
  respond(subject: string, handler: (message: unknown) => object): void;
  /**
   * Processes what is stored. A message whose handler throws is delivered again, and given up when
   * it is not readable (`TL_MESSAGE_INVALID`) or was delivered {@link DELIVERIES_MAX} times.
   */
  consume(durable: Durable, handler: DeliveryHandler): void;
  /** Listens no more, and waits until what has arrived is processed; what was not stays stored. */
  drain(): Promise<void>;
  /** Sends what is on its way, then hangs up. */
  close(): Promise<void>;
}

export type Handler = (message: unknown, started: StartedSpan) => unknown;

/** @param isRedelivered it may have been processed before, in part or whole */
export type DeliveryHandler = (
  message: unknown,
  started: StartedSpan,
  isRedelivered: boolean,
) => Promise<void>;

export interface SubscribeOptions {
  /** Of the span of a message's processing. Default: `process` with the subject. */
  readonly spanName?: string;
}

/** A place in a stream that outlives the service. */
export interface Durable {
  readonly name: string;
  readonly stream: string;
  readonly subject: string;
}

/** Messages that wait for a consumer; the oldest goes when there are more. */
export const WAITING_MESSAGES_MAX = 10_000;
export const STORE_MS_MAX = 10_000;
export const DELIVERIES_MAX = 8;
export const REDELIVERY_DELAY_MS = 500;

/** Of all transports of the process. */
export interface TransportMetrics {
  dropped(subject: string, reason: 'disconnected' | 'queue_full' | 'not_stored'): void;
  failed(subject: string): void;
  redelivered(subject: string): void;
}

export function transportMetrics(metrics: ServiceMetrics): TransportMetrics {
  const dropped = metrics.counter('signals_messages_dropped_total', 'Messages not sent, or lost.', [
    'subject',
    'reason',
  ]);
  const failed = metrics.counter(
    'signals_messages_failed_total',
    'Messages whose processing threw an error.',
    ['subject'],
  );
  const redelivered = metrics.counter(
    'signals_messages_redelivered_total',
    'Messages that were delivered before.',
    ['subject'],
  );
  return {
    dropped: (subject, reason) => dropped.inc({ subject, reason }),
    failed: (subject) => failed.inc({ subject }),
    redelivered: (subject) => redelivered.inc({ subject }),
  };
}
