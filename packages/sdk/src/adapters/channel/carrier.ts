import type { Context } from '@opentelemetry/api';
import { packMessage, type TracedChannelMessage } from '../../messaging/message.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { Fifo } from './fifo.ts';

/**
 * An in-process queue without bound, first in, first out. The sender's context is stored with each
 * item and comes out with it: in a loop that drains a queue, the ambient context is some other
 * item's. Watch `size`: that there is no bound is the trading system's choice, not tracing's.
 */
export class TracedChannel<E> implements AsyncIterable<TracedChannelMessage<E>> {
  readonly #tracing: Tracing;
  readonly #messages = new Fifo<TracedChannelMessage<E>>();
  readonly #receivers = new Fifo<(message: TracedChannelMessage<E> | undefined) => void>();
  #isClosed = false;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** Messages that nobody has received yet. */
  get size(): number {
    return this.#messages.size;
  }

  /**
   * Puts the event in, with the context given or else the active one.
   *
   * @returns `false` when the channel is closed and the event was not taken
   */
  send(event: E, context?: Context): boolean {
    if (this.#isClosed) return false;
    const message = packMessage(this.#tracing, event, context);
    const receiver = this.#receivers.take();
    if (receiver) receiver(message);
    else this.#messages.put(message);
    return true;
  }

  /** The oldest message, or `undefined` when there is none now. */
  tryReceive(): TracedChannelMessage<E> | undefined {
    return this.#messages.take();
  }

  /** The oldest message, waiting for one; `undefined` once the channel is closed and empty. */
  receive(): Promise<TracedChannelMessage<E> | undefined> {
    const message = this.#messages.take();
    if (message || this.#isClosed) return Promise.resolve(message);
    return new Promise((resolve) => this.#receivers.put(resolve));
  }

  /**
   * Takes no more events. Those inside can still be received; who waits for one gets `undefined`.
   */
  close(): void {
    this.#isClosed = true;
    for (let waiting = this.#receivers.take(); waiting; waiting = this.#receivers.take()) {
      waiting(undefined);
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<TracedChannelMessage<E>> {
    for (let message = await this.receive(); message; message = await this.receive()) yield message;
  }
}
