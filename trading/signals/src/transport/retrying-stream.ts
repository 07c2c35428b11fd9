import { setTimeout as sleep } from 'node:timers/promises';
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamPublishOptions,
  type PubAck,
} from '@nats-io/jetstream';
import type { Payload } from '@nats-io/transport-node';

const ATTEMPT_TIMEOUT_MS = 2_000;
const RETRY_MS = 200;
const SERVER_ERROR = 500;

/** What is needed of a JetStream client to publish. */
export interface RetryingStream {
  publish(
    subject: string,
    data?: Payload,
    options?: Partial<JetStreamPublishOptions>,
  ): Promise<PubAck>;
}

/**
 * Publishes again while JetStream does not answer, such as while the server starts anew. Give each
 * message an id: a second copy of one whose answer was lost is then not stored. The tracing wraps
 * this, so that all attempts are one send with one context.
 *
 * @param msMax until the last attempt's error is thrown
 */
export function retryingStream(js: JetStreamClient, msMax: number): RetryingStream {
  return {
    async publish(subject, data, options) {
      const deadlineMs = performance.now() + msMax;
      for (;;) {
        try {
          return await js.publish(subject, data, { ...options, timeout: ATTEMPT_TIMEOUT_MS });
        } catch (error) {
          if (isRefusal(error) || performance.now() > deadlineMs) throw error;
        }
        await sleep(RETRY_MS);
      }
    },
  };
}

/** The server's word on this message, which another attempt would not change. */
function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status < SERVER_ERROR;
}
