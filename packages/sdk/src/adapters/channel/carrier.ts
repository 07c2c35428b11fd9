import type { Context } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model/names';
import { packMessage, type TracedChannelMessage } from '../../messaging/message.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { Fifo } from './fifo.ts';
import { WaitList } from './wait-list.ts';

export interface ChannelOptions {
  /** Messages held at once, at least 1. Without it the channel has no bound: watch `size`. */
  readonly capacity?: number;
}

/** How long to wait. `AbortSignal.timeout(ms)` is a deadline. */
export interface ChannelWaitOptions {
  readonly signal?: AbortSignal | undefined;
}

interface WaitingSender<E> {
  readonly message: TracedChannelMessage<E>;
  readonly settle: (isTaken: boolean) => void;
}

/**
 * An in-process queue, first in, first out, for any number of senders and receivers. The sender's
 * context is stored with each item and comes out with it: in a loop that drains a queue, the ambient
 * context is some other item's. Who waits is served in the order of coming.
 */
export class TracedChannel<E> implements AsyncIterable<TracedChannelMessage<E>> {
  /** Messages held at once; Infinity: any number. */
  readonly capacity: number;
  readonly #tracing: Tracing;
  readonly #messages = new Fifo<TracedChannelMessage<E>>();
  /** Somebody is in here only while there is no message. */
  readonly #receivers = new WaitList<(message: TracedChannelMessage<E> | undefined) => void>();
  /** Somebody is in here only while there is no room. */
  readonly #senders = new WaitList<WaitingSender<E>>();
  #isClosed = false;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when the capacity is not a whole number from 1 */
  constructor(tracing: Tracing, { capacity = Number.POSITIVE_INFINITY }: ChannelOptions = {}) {
    if (capacity < 1 || (!Number.isInteger(capacity) && capacity !== Number.POSITIVE_INFINITY)) {
      const message = `a channel's capacity is a whole number from 1, not ${capacity}`;
      throw new ThroughlineError('TL_CONFIG_INVALID', message);
    }
    this.#tracing = tracing;
    this.capacity = capacity;
  }

  /** Messages that nobody has received yet. */
  get size(): number {
    return this.#messages.size;
  }

  /** Nothing more is taken. There may still be messages inside. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Puts the event in, with the context given or else the active one. Never waits.
   *
   * @returns `false` when the channel is full or closed and the event was not taken
   */
  send(event: E, context?: Context): boolean {
    if (this.#isClosed || this.#messages.size >= this.capacity) return false;
    this.#put(packMessage(this.#tracing, event, context));
    return true;
  }

  /**
   * Puts the event in as soon as there is room, with the context given or else the one that is
   * active at the call. Await it: calls that nobody awaits are a queue without bound.
   *
   * @returns `false` when the channel was closed before there was room
   * @throws the signal's reason when it aborted before there was room; the event was not taken
   */
  sendWhenRoom(
    event: E,
    options: ChannelWaitOptions & { context?: Context } = {},
  ): Promise<boolean> {
    const { context, signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#isClosed) return Promise.resolve(false);
    const message = packMessage(this.#tracing, event, context);
    if (this.#messages.size < this.capacity) {
      this.#put(message);
      return Promise.resolve(true);
    }
    return waitIn(signal, (settle) => this.#senders.add({ message, settle }));
  }

  /** The oldest message, or `undefined` when there is none now. */
  tryReceive(): TracedChannelMessage<E> | undefined {
    const message = this.#messages.take();
    if (message) this.#letIn();
    return message;
  }

  /**
   * The oldest message, waiting for one; `undefined` once the channel is closed and empty.
   *
   * @throws the signal's reason when it aborted before a message came. None is lost: a message that
   *   was handed over before is still the result.
   */
  receive({ signal }: ChannelWaitOptions = {}): Promise<TracedChannelMessage<E> | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const message = this.tryReceive();
    if (message || this.#isClosed) return Promise.resolve(message);
    return waitIn(signal, (settle) => this.#receivers.add(settle));
  }

  /**
   * Takes out, one after the other, the messages that are inside at the call and no newer ones. What
   * the loop leaves stays inside.
   */
  drain(max: number = Number.POSITIVE_INFINITY): Generator<TracedChannelMessage<E>, void> {
    return this.#takeUpTo(Math.min(max, this.#messages.size));
  }

  /**
   * Takes no more events, nor those of senders that wait for room. What is inside can still be
   * received; who waits for a message gets `undefined`.
   */
  close(): void {
    this.#isClosed = true;
    for (let settle = this.#receivers.take(); settle; settle = this.#receivers.take()) {
      settle(undefined);
    }
    for (let sender = this.#senders.take(); sender; sender = this.#senders.take()) {
      sender.settle(false);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TracedChannelMessage<E>, void> {
    for (let message = await this.receive(); message; message = await this.receive()) yield message;
  }

  #put(message: TracedChannelMessage<E>): void {
    const settle = this.#receivers.take();
    if (settle) settle(message);
    else this.#messages.put(message);
  }

  /** A message went out: the sender that waits longest gets its place. */
  #letIn(): void {
    const sender = this.#senders.take();
    if (!sender) return;
    this.#messages.put(sender.message);
    sender.settle(true);
  }

  *#takeUpTo(count: number): Generator<TracedChannelMessage<E>, void> {
    for (let taken = 0; taken < count; taken += 1) {
      const message = this.tryReceive();
      if (!message) return;
      yield message;
    }
  }
}

/** Waits in a list until it is settled from there, or leaves the list when the signal aborts. */
function waitIn<T>(
  signal: AbortSignal | undefined,
  join: (settle: (value: T) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (!signal) {
      join(resolve);
      return;
    }
    const onAbort = (): void => {
      leave();
      reject(signal.reason);
    };
    const leave = join((value) => {
      // A signal may live much longer than this wait, and must not hold on to it.
      signal.removeEventListener('abort', onAbort);
      resolve(value);
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
