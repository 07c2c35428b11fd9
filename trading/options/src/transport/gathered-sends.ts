/** What is sent in one request. */
export interface Sending<M> {
  readonly messages: M[];
}

interface Waiting<M> {
  readonly messages: readonly M[];
  readonly answer: PromiseWithResolvers<unknown>;
}

/**
 * A producer whose sends share requests: what comes while a request is under way goes out together
 * with the next. One message alone waits for nothing, a thousand a second do not become a thousand
 * requests, and messages stay in the order in which they were sent.
 */
export class GatheredSends<M> {
  readonly #send: (sending: Sending<M>) => Promise<unknown>;
  readonly #messagesMax: number;
  readonly #waiting: Waiting<M>[] = [];
  #isSending = false;

  /** @param messagesMax of one request; one send of more goes out alone */
  constructor(send: (sending: Sending<M>) => Promise<unknown>, messagesMax: number) {
    this.#send = send;
    this.#messagesMax = messagesMax;
  }

  /** Settles as the request does that the messages went out with: all of one request fail together. */
  send({ messages }: Sending<M>): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.push({ messages, answer });
    if (!this.#isSending) void this.#sendAll();
    return answer.promise;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const gathered = this.#take();
      try {
        const messages = gathered.flatMap((one) => one.messages);
        const result = await this.#send({ messages });
        for (const { answer } of gathered) answer.resolve(result);
      } catch (error) {
        for (const { answer } of gathered) answer.reject(error);
      }
    }
    this.#isSending = false;
  }

  #take(): readonly Waiting<M>[] {
    let count = 0;
    let messages = 0;
    for (const waiting of this.#waiting) {
      messages += waiting.messages.length;
      if (count > 0 && messages > this.#messagesMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
