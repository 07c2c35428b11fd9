import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { TracedChannelMessage } from '../../messaging/message.ts';

/**
 * What crossed as a traced message; anything else, from a sender without tracing, is an event
 * without context. For a listener of one's own, such as `port.onmessage`.
 */
export function unpackMessage<E>(data: unknown): TracedChannelMessage<E> {
  const message = data as Partial<TracedChannelMessage<E>> | null | undefined;
  const isTraced =
    typeof message === 'object' &&
    message !== null &&
    'event' in message &&
    typeof message.traceContextCarrier === 'object' &&
    message.traceContextCarrier !== null;
  return isTraced
    ? (message as TracedChannelMessage<E>)
    : { event: data as E, traceContextCarrier: {} };
}

/** The sending end, for one thread: pass it in `workerData`, with `port` in the transfer list. */
export interface ThreadSenderEnd {
  readonly port: MessagePort;
  readonly signal: SharedArrayBuffer;
}

/**
 * The receiving end, for one thread: pass it in `workerData`, with `ports` in the transfer list.
 */
export interface ThreadReceiverEnd {
  readonly ports: readonly MessagePort[];
  readonly signal: SharedArrayBuffer;
}

/** The ends of a channel into a thread that receives synchronously. */
export interface ThreadChannel<Name extends string> {
  readonly senders: Readonly<Record<Name, ThreadSenderEnd>>;
  readonly receiver: ThreadReceiverEnd;
}

/** Slots of the shared signal, which is an `Int32Array`. */
export const SIGNAL = {
  /** Counts sends and closes, so that a receiver waits only while nothing happens. */
  events: 0,
  /** Messages sent and not yet received. */
  pending: 1,
  /** Senders that are not closed. */
  open: 2,
} as const;

/**
 * Makes a channel from any number of threads, each with a sender of its own, into one thread that
 * blocks until a message comes. Each sender's messages arrive in its order.
 */
export function createThreadChannel<const Name extends string>(
  ...names: readonly Name[]
): ThreadChannel<Name> {
  const signal = new SharedArrayBuffer(Object.keys(SIGNAL).length * Int32Array.BYTES_PER_ELEMENT);
  Atomics.store(new Int32Array(signal), SIGNAL.open, names.length);
  const senders: Partial<Record<Name, ThreadSenderEnd>> = {};
  const ports: MessagePort[] = [];
  for (const name of names) {
    const { port1, port2 } = new MessageChannel();
    senders[name] = { port: port1, signal };
    ports.push(port2);
  }
  return { senders: senders as Record<Name, ThreadSenderEnd>, receiver: { ports, signal } };
}
