import type { StartedSpan, Tracing } from '@throughline/sdk';
import type { MessageFaults, ServiceMetrics } from '@throughline/service';

/** The part of a service that moves messages: what both transports need from it. */
export interface TransportOptions {
  readonly tracing: Tracing;
  readonly logger: Log;
  readonly faults: MessageFaults;
}

/** What a service writes its log lines to; pino's logger is one. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a service of this system is made of, in a process of its own or in a shared one. */
export interface ServiceParts extends TransportOptions {
  readonly metrics: ServiceMetrics;
  readonly transport: Transport;
}

export interface OutgoingMessage {
  readonly key: string;
  readonly value: string;
  /** Without the trace context, which the transport adds. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface IncomingMessage {
  readonly key: string;
  readonly value: string;
}

/** A topic to send to. Each message has a span of its own and carries that span's context. */
export interface Sender {
  /**
   * Settles when the transport has the message. Waiting for it is what bounds the sends under way.
   *
   * @throws what the transport says when it does not take it
   */
  send(message: OutgoingMessage): Promise<void>;
}

/** Works on one message in its span, with the context that came with the message active. */
export type ProcessMessage<M extends IncomingMessage> = <T>(
  message: M,
  work: (started: StartedSpan) => Promise<T>,
) => Promise<T>;

/**
 * Works on a batch, in the span of its receive. When it throws, the whole batch comes again: it has
 * to be able to do the same thing twice.
 */
export type BatchHandler = <M extends IncomingMessage>(
  messages: readonly M[],
  process: ProcessMessage<M>,
) => Promise<void>;

export interface Subscription {
  readonly topic: string;
  /** Of several services in one group, each message reaches one. */
  readonly group: string;
  /** The name of the messages' spans. */
  readonly processName: string;
  /** Messages of one batch at most; as many more wait in memory. */
  readonly batchMessagesMax: number;
}

/** How the services talk: over Kafka, or over channels in one process. */
export interface Transport {
  /** @param spanName of the sends */
  sender(topic: string, spanName: string): Sender;
  /** Resolves once it listens; the handler gets one batch after the other until the close. */
  subscribe(subscription: Subscription, handler: BatchHandler): Promise<void>;
  /** Finishes the batch under way, leaves the groups, sends what is on its way, hangs up. */
  close(): Promise<void>;
}
