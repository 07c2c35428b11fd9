import type { Transferable } from 'node:worker_threads';
import type { Context } from '@opentelemetry/api';
import { MESSAGING_SYSTEM } from '@throughline/model/names';
import { packMessage } from '../../messaging/message.ts';
import { type ProducerOptions, startProducer } from '../../messaging/producer.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { SIGNAL, type ThreadSenderEnd } from './carrier.ts';

/** What takes messages: a `Worker`, `parentPort`, a `MessagePort` or a `BroadcastChannel`. */
export interface MessageTarget {
  postMessage(message: unknown, transferList?: readonly Transferable[]): void;
}

/**
 * Posts the event with the context given, or else the active one, to {@link onTraced} in another
 * thread.
 *
 * @param transferList moved rather than cloned; not over a `BroadcastChannel`, which has many
 *   receivers
 * @throws DataCloneError when the event cannot be cloned (HTML, structured clone)
 */
export function postTraced(
  tracing: Tracing,
  target: MessageTarget,
  event: unknown,
  context?: Context,
  transferList?: readonly Transferable[],
): void {
  const message = packMessage(tracing, event, context);
  if (transferList) target.postMessage(message, transferList);
  else target.postMessage(message);
}

/** Sends into a thread that receives synchronously. Never blocks; the channel has no bound. */
export class ThreadSender<E> {
  readonly #tracing: Tracing;
  readonly #end: ThreadSenderEnd;
  readonly #signal: Int32Array;
  #isClosed = false;

  constructor(tracing: Tracing, end: ThreadSenderEnd) {
    this.#tracing = tracing;
    this.#end = end;
    this.#signal = new Int32Array(end.signal);
  }

  /** Messages, of all senders, that the receiver has not taken yet. */
  get pending(): number {
    return Atomics.load(this.#signal, SIGNAL.pending);
  }

  /**
   * Sends the event with the context given or else the active one.
   *
   * @returns `false` when this sender is closed and the event was not sent
   * @throws DataCloneError when the event cannot be cloned (HTML, structured clone)
   */
  send(event: E, context?: Context): boolean {
    if (this.#isClosed) return false;
    const message = packMessage(this.#tracing, event, context);
    // Counted first: a receiver that sees no more senders must still see what is on its way.
    Atomics.add(this.#signal, SIGNAL.pending, 1);
    try {
      this.#end.port.postMessage(message);
    } catch (error) {
      Atomics.sub(this.#signal, SIGNAL.pending, 1);
      throw error;
    }
    this.#wakeReceiver();
    return true;
  }

  /**
   * Sends no more. The receiver is closed once all its senders are and it has taken every message.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    Atomics.sub(this.#signal, SIGNAL.open, 1);
    this.#wakeReceiver();
  }

  #wakeReceiver(): void {
    Atomics.add(this.#signal, SIGNAL.events, 1);
    Atomics.notify(this.#signal, SIGNAL.events);
  }
}

/** Starts the span of a send to another thread: send with its `context`, then end it. */
export function startWorkerProducer(
  tracing: Tracing,
  name: string,
  options: Omit<ProducerOptions, 'system'> = {},
): StartedSpan {
  return startProducer(tracing, name, { ...options, system: MESSAGING_SYSTEM.worker });
}
