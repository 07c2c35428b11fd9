import { receiveMessageOnPort } from 'node:worker_threads';
import { MESSAGING_SYSTEM } from '@throughline/model/names';
import { type ConsumerOptions, startConsumer } from '../../messaging/consumer.ts';
import type { TracedChannelMessage } from '../../messaging/message.ts';
import { runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { SIGNAL, type ThreadReceiverEnd, unpackMessage } from './carrier.ts';
import { offeredRelay } from './relay.ts';

/** Node's way to listen: a `Worker`, `parentPort` or a `MessagePort`. */
interface MessageEmitter {
  on(event: 'message', listener: (data: unknown) => void): unknown;
  off(event: 'message', listener: (data: unknown) => void): unknown;
}

/**
 * Where messages of other threads come from. An event target is the web's way to listen, and the
 * only one of a `BroadcastChannel`.
 */
export type MessageSource =
  | MessageEmitter
  | Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;

/**
 * Calls the handler for every message that {@link postTraced} posts from another thread. A message
 * from a sender without tracing arrives as an event without context.
 *
 * @returns stops listening
 */
export function onTraced<E>(
  source: MessageSource,
  handler: (message: TracedChannelMessage<E>) => unknown,
): () => void {
  // Both return what the handler does, so that a promise that fails is handled as without tracing.
  const onData = (data: unknown): unknown =>
    // Ours and not the service's: whoever accepts relays listens to the same thread.
    offeredRelay(data) ? undefined : handler(unpackMessage<E>(data));
  const onEvent = (event: Event): unknown => onData((event as MessageEvent).data);
  if ('on' in source) {
    source.on('message', onData);
    return () => {
      source.off('message', onData);
    };
  }
  source.addEventListener('message', onEvent);
  return () => source.removeEventListener('message', onEvent);
}

type WorkerConsumerOptions = Omit<ConsumerOptions, 'system' | 'carrier'>;

/**
 * Calls the handler, sync or async, for every message from another thread, each in a span of its own
 * with the context of its sender active. What the handler throws is recorded and thrown on.
 *
 * @returns stops listening
 */
export function consumeWorker<E>(
  tracing: Tracing,
  name: string,
  source: MessageSource,
  handler: (event: E, started: StartedSpan) => unknown,
  options: WorkerConsumerOptions = {},
): () => void {
  return onTraced<E>(source, (message) =>
    runInSpan(startWorkerConsumer(tracing, name, message, options), (started) =>
      handler(message.event, started),
    ),
  );
}

/** Receives in a thread that runs a synchronous loop: no promise and no event loop is involved. */
export class ThreadReceiver<E> {
  readonly #end: ThreadReceiverEnd;
  readonly #signal: Int32Array;
  /** Where the next round begins, so that no sender waits for a busier one. */
  #turn = 0;

  constructor(end: ThreadReceiverEnd) {
    this.#end = end;
    this.#signal = new Int32Array(end.signal);
  }

  /** Messages sent and not yet received. */
  get pending(): number {
    return Atomics.load(this.#signal, SIGNAL.pending);
  }

  /** All senders are closed and every message was received. */
  get isClosed(): boolean {
    return Atomics.load(this.#signal, SIGNAL.open) === 0 && this.pending === 0;
  }

  /** The next message, or `undefined` when there is none now. */
  tryReceive(): TracedChannelMessage<E> | undefined {
    const { ports } = this.#end;
    for (let step = 0; step < ports.length; step += 1) {
      const port = ports[this.#turn % ports.length];
      this.#turn = (this.#turn + 1) % ports.length;
      const received = port && receiveMessageOnPort(port);
      if (!received) continue;
      Atomics.sub(this.#signal, SIGNAL.pending, 1);
      return unpackMessage<E>(received.message);
    }
    return undefined;
  }

  /**
   * The next message, blocking this thread until one comes.
   *
   * @returns `undefined` when the time is over, or the channel is closed ({@link isClosed})
   */
  receive(timeoutMs: number): TracedChannelMessage<E> | undefined {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      // Read before looking: what is sent after the look changes it, and the wait returns at once.
      const events = Atomics.load(this.#signal, SIGNAL.events);
      const message = this.tryReceive();
      if (message || this.isClosed) return message;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return undefined;
      Atomics.wait(this.#signal, SIGNAL.events, events, leftMs);
    }
  }
}

/**
 * Starts the span of processing a message from another thread, as the child of its sender's span.
 */
export function startWorkerConsumer(
  tracing: Tracing,
  name: string,
  message: TracedChannelMessage<unknown>,
  options: WorkerConsumerOptions = {},
): StartedSpan {
  return startConsumer(tracing, name, {
    ...options,
    system: MESSAGING_SYSTEM.worker,
    carrier: message.traceContextCarrier,
  });
}
