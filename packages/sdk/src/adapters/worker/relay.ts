import { MessageChannel, MessagePort, parentPort } from 'node:worker_threads';
import { relaySpans } from '../../export/relay.ts';
import type { Tracing } from '../../tracing/tracing.ts';

const RELAY_FIELD = 'throughlineRelay';

/** The port in a message of {@link offerRelay}; `undefined` for every other message. */
export function offeredRelay(message: unknown): MessagePort | undefined {
  const port = (message as { [RELAY_FIELD]?: unknown } | null | undefined)?.[RELAY_FIELD];
  return port instanceof MessagePort ? port : undefined;
}

/**
 * In a thread whose creator called {@link acceptRelays}: asks it to take over this thread's spans.
 *
 * @returns for the option `relay` of `startTracing`; `undefined` in the main thread
 */
export function offerRelay(): MessagePort | undefined {
  if (!parentPort) return undefined;
  const { port1, port2 } = new MessageChannel();
  parentPort.postMessage({ [RELAY_FIELD]: port1 }, [port1]);
  return port2;
}

/** Tells of every message that a thread sends to its creator: a piscina, or a `Worker`. */
export interface ThreadMessages {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
}

/**
 * Takes over the spans of every thread that calls {@link offerRelay}, as many as there come, and
 * sends them with this tracing's own.
 *
 * @returns takes no more threads; those that are connected stay so
 */
export function acceptRelays(threads: ThreadMessages, tracing: Tracing): () => void {
  const onMessage = (message: unknown): void => {
    const port = offeredRelay(message);
    if (port) relaySpans(port, tracing);
  };
  threads.on('message', onMessage);
  return () => {
    threads.off('message', onMessage);
  };
}
