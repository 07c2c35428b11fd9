import type { StartedSpan } from '@throughline/sdk';
import { isPoisoned, TOPIC } from './messages.ts';
import type {
  IncomingMessage,
  ProcessMessage,
  Sender,
  ServiceParts,
} from './transport/transport.ts';

const SPAN_NAME = `send ${TOPIC.deadLetter}`;

/** Where messages go that can never be processed, so that they do not hold up the others. */
export class DeadLetters {
  readonly #sender: Sender;
  readonly #onRefused: () => void;
  readonly #source: string;

  /** @param metricPrefix of the counter of refused messages */
  constructor({ tracing, transport, metrics }: ServiceParts, metricPrefix: string) {
    this.#sender = transport.sender(TOPIC.deadLetter, SPAN_NAME);
    this.#source = tracing.serviceName;
    const refused = metrics.counter(
      `${metricPrefix}_messages_refused_total`,
      'Messages that could not be processed and went to the dead-letter topic.',
    );
    this.#onRefused = () => refused.inc();
  }

  /**
   * Works on a message in its span. A message that the work refuses (`TL_MESSAGE_INVALID`) goes to
   * the dead-letter topic, in the same trace, and its span is an error: it is done with.
   *
   * @throws what else the work throws, and what sending throws
   */
  async work<M extends IncomingMessage>(
    process: ProcessMessage<M>,
    message: M,
    work: (started: StartedSpan) => Promise<void>,
  ): Promise<void> {
    let isRefused = false;
    const attempt = async (started: StartedSpan): Promise<void> => {
      try {
        await work(started);
      } catch (error) {
        if (!isPoisoned(error)) throw error;
        await this.#refuse(message, error.message);
        isRefused = true;
        throw error;
      }
    };
    try {
      await process(message, attempt);
    } catch (error) {
      if (!isRefused) throw error;
    }
  }

  async #refuse({ key, value }: IncomingMessage, reason: string): Promise<void> {
    const headers = { 'dead-letter.reason': reason, 'dead-letter.service': this.#source };
    await this.#sender.send({ key, value, headers });
    this.#onRefused();
  }
}
