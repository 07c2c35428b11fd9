import { ATTR } from '@throughline/model/names';
import type { NatsJetStream, NatsPubAck, PubAckOf, StoreOptionsOf } from './client.ts';
import type { NatsSendSpan } from './producer.ts';
import type { NatsCall, NatsSender, NatsSendOptions } from './sender.ts';

/** For the headers that the client makes of `msgID`, `expect` and the like. */
const RESERVED_BYTES = 1_024;

/** Publishes into streams. What they deliver is processed as any other message. */
export class TracedJetStream<J extends NatsJetStream> {
  readonly #jetStream: J;
  readonly #sender: NatsSender;

  constructor(jetStream: J, sender: NatsSender) {
    this.#jetStream = jetStream;
    this.#sender = sender;
  }

  /**
   * Publishes with the active context, or that in `options.span`. The span lasts until the server
   * has stored the message, and says where. Where the stream refuses the message as too large, it is
   * published again without context.
   *
   * @throws what the client throws
   */
  publishWithTraceContext(
    subject: string,
    message?: unknown,
    options: Partial<StoreOptionsOf<J>> & { readonly span?: NatsSendSpan } = {},
  ): Promise<PubAckOf<J>> {
    const publish = ({ data, options: given }: NatsCall): Promise<NatsPubAck> =>
      this.#jetStream.publish(subject, data, given);
    const stored = this.#sender.send({
      operation: 'send',
      subject,
      message,
      options: options as NatsSendOptions,
      reservedBytes: RESERVED_BYTES,
      transmit: async (call, started, plain) => {
        const ack = await publish(call).catch((error: unknown) => {
          if (!plain || !isTooLarge(error)) throw error;
          this.#sender.omit(started, 'max_msg_size');
          return publish(plain);
        });
        started.span.setAttributes({
          [ATTR.messagingNatsStream]: ack.stream,
          [ATTR.messagingNatsSequence]: ack.seq,
        });
        return ack;
      },
    });
    return stored as Promise<PubAckOf<J>>;
  }
}

/** JetStream's error for a message above the `max_msg_size` of its stream. */
const TOO_LARGE = 10_054;

/** As the client's version 3 says it, and as 2 does. */
function isTooLarge(error: unknown): boolean {
  const { code, api_error } = (error ?? {}) as { code?: unknown; api_error?: unknown };
  return code === TOO_LARGE || (api_error as { err_code?: unknown })?.err_code === TOO_LARGE;
}
