import { withMethods } from '../../messaging/with-methods.ts';
import type { HeaderDefaults, KafkaHeaderType } from './carrier.ts';
import {
  type KafkaOutgoingMessage,
  type KafkaProducerOptions,
  runSend,
  startSend,
} from './producer.ts';

/** A producer or a transaction of `@platformatic/kafka`: with a promise, or with a callback. */
interface PlatformaticSender {
  send(options: never): Promise<unknown>;
}

export interface PlatformaticProducer extends PlatformaticSender {
  beginTransaction(options?: never): Promise<PlatformaticSender>;
}

interface PlatformaticMessage extends KafkaOutgoingMessage {
  readonly topic: string;
}

interface SendOptions {
  readonly messages: readonly PlatformaticMessage[];
}

type Callback = (error: unknown, result?: unknown) => void;

/** Header values of the producer, by the type of what its `send` takes. */
type HeaderValueOf<P extends PlatformaticProducer> = P extends {
  send(options: infer O): Promise<unknown>;
}
  ? O extends { messages: { headers?: infer H }[] }
    ? Extract<H, ReadonlyMap<unknown, unknown>> extends ReadonlyMap<unknown, infer V>
      ? V
      : never
    : never
  : never;

export interface PlatformaticProducerOptions<P extends PlatformaticProducer>
  extends KafkaProducerOptions {
  /**
   * What the producer's header serializers take, for messages that come without headers: `string`
   * with string serializers, `buffer` without any. A producer does not tell, and a wrong type would
   * break the message.
   */
  readonly headers: HeaderValueOf<P> extends Uint8Array ? 'buffer' : 'string';
}

/**
 * The producer with `send`, and that of its transactions, traced. The options given to it are not
 * changed; keys and values reach the client as the same objects. Its streams (`asStream`) are not
 * traced, as they send later and in another context: give their messages headers made by
 * `createKafkaHeadersWithTrace`.
 */
export function tracePlatformaticProducer<P extends PlatformaticProducer>(
  producer: P,
  options: PlatformaticProducerOptions<P>,
): P {
  const type: KafkaHeaderType = options.headers;
  const defaults = { headers: new Map(), type };
  return withMethods(producer, {
    ...tracedSender(producer, options, defaults),
    beginTransaction(...args: unknown[]) {
      const traced = (transaction: PlatformaticSender): PlatformaticSender =>
        withMethods(transaction, tracedSender(transaction, options, defaults));
      const begin = producer.beginTransaction.bind(producer) as (...args: unknown[]) => unknown;
      const callback = args.at(-1);
      if (typeof callback !== 'function') {
        return (begin(...args) as Promise<PlatformaticSender>).then(traced);
      }
      return begin(...args.slice(0, -1), (error: unknown, transaction?: PlatformaticSender) =>
        callback(error, transaction && traced(transaction)),
      );
    },
  });
}

function tracedSender(
  sender: PlatformaticSender,
  options: KafkaProducerOptions,
  defaults: HeaderDefaults,
): object {
  const send = sender.send.bind(sender) as (...args: unknown[]) => Promise<unknown>;
  return {
    send(given: SendOptions, callback?: Callback) {
      const traced = startSend(options, defaults, () =>
        given.messages.map((message) => ({ topic: message.topic, message })),
      );
      if (!traced) return callback ? send(given, callback) : send(given);
      const copy = { ...given, messages: traced.messages };
      if (!callback) return runSend(traced, () => send(copy));
      const { started } = traced;
      try {
        return send(copy, (error: unknown, result: unknown) => {
          started.end(error ? { error } : {});
          callback(error, result);
        });
      } catch (error) {
        started.end({ error });
        throw error;
      }
    },
  };
}
