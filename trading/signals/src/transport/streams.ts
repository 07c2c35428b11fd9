import type { StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { SUBJECT } from '../messages.ts';

const HOUR_MS = 3_600_000;
/** How long JetStream knows a message's id: a second one with it is not stored. */
const DUPLICATE_WINDOW_MS = 120_000;

type BoundedStream = Pick<
  StreamConfig,
  'name' | 'subjects' | 'max_msgs' | 'max_age' | 'duplicate_window'
>;

/** What JetStream keeps, each stream with a bound in messages and in age. */
export const STREAMS: readonly BoundedStream[] = [
  stream('CANDLES', SUBJECT.candleClosed, 100_000),
  stream('SIGNALS', SUBJECT.tradingSignals, 100_000),
  stream('ORDERS', SUBJECT.orderConfirmed, 100_000),
];

function stream(name: string, subject: string, messagesMax: number): BoundedStream {
  return {
    name,
    subjects: [subject],
    max_msgs: messagesMax,
    max_age: nanos(HOUR_MS),
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  };
}
