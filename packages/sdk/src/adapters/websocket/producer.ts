import type { Context } from '@opentelemetry/api';
import { MESSAGING_SYSTEM } from '@throughline/model/names';
import { type ProducerOptions, startProducer } from '../../messaging/producer.ts';
import { injectIntoPayload } from '../../propagation/payload.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';

/** Anything that sends text: a `ws` socket, or the platform's `WebSocket`. */
export interface TextSocket {
  send(text: string): void;
}

/**
 * Sends a payload as JSON with the context given, or else the active one. Only to services of our
 * own: nothing of ours may go to an exchange or a client.
 */
export function sendTraced(
  tracing: Tracing,
  socket: TextSocket,
  payload: object,
  context?: Context,
): void {
  socket.send(JSON.stringify(injectIntoPayload(tracing, payload, context)));
}

/** Starts the span of a send over a WebSocket: send with its `context`, then end it. */
export function startWebSocketProducer(
  tracing: Tracing,
  name: string,
  options: Omit<ProducerOptions, 'system'> = {},
): StartedSpan {
  return startProducer(tracing, name, { ...options, system: MESSAGING_SYSTEM.websocket });
}
