import { isUtf8 } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import { capText } from '../../privacy/redaction.ts';

/** What of a message shows on its spans; consumed messages have all of it. */
export interface KafkaFields {
  readonly partition?: number | undefined;
  /** Text in `kafkajs` and Confluent's client, a bigint in `@platformatic/kafka`. */
  readonly offset?: string | number | bigint | undefined;
  readonly key?: unknown;
  readonly value?: unknown;
}

const KEY_CHARS_MAX = 128;

/** The attributes of one message (OpenTelemetry messaging conventions for Kafka). */
export function messageAttributes({ partition, offset, key, value }: KafkaFields): Attributes {
  const keyText = textOfKey(key);
  const isTombstone = value === null || value === undefined;
  return {
    ...(partition === undefined ? {} : { [ATTR.messagingDestinationPartitionId]: `${partition}` }),
    ...(offset === undefined ? {} : { [ATTR.messagingKafkaOffset]: Number(offset) }),
    ...(keyText === undefined ? {} : { [ATTR.messagingKafkaMessageKey]: keyText }),
    ...(isTombstone ? { [ATTR.messagingKafkaMessageTombstone]: true } : {}),
  };
}

/** Keys are often ids; bytes that are no text are shown in hexadecimal. */
function textOfKey(key: unknown): string | undefined {
  if (key instanceof Uint8Array) {
    const bytes = Buffer.from(key.buffer, key.byteOffset, Math.min(key.length, 4 * KEY_CHARS_MAX));
    return capText(bytes.toString(isUtf8(key) ? 'utf8' : 'hex'), KEY_CHARS_MAX);
  }
  if (typeof key === 'string') return capText(key, KEY_CHARS_MAX);
  return typeof key === 'number' || typeof key === 'bigint' ? `${key}` : undefined;
}
