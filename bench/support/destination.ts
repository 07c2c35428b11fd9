import { Agent, request } from 'node:http';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { Protocol } from './send-spans.ts';

const EXPORT_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** With which a sender is told to come again. */
const PASSING_CODES = new Set([status.RESOURCE_EXHAUSTED, status.UNAVAILABLE]);
const SEND_TIMEOUT_MS = 60_000;

/** Why a request was not kept, and when to send it again where that was said. */
export interface Refused {
  readonly reason: string;
  readonly retryMs: number | undefined;
}

/** A connection to a collector, over which encoded requests go. */
export interface Destination {
  /** @returns undefined when it is acknowledged */
  send(body: Buffer): Promise<Refused | undefined>;
  close(): void;
}

export function destinationOf(options: { protocol: Protocol; endpoint: string }): Destination {
  return options.protocol === 'otlp-http' ? overHttp(options.endpoint) : overGrpc(options.endpoint);
}

export function closeDestinations(destinations: readonly Destination[]): void {
  for (const destination of destinations) destination.close();
}

function overHttp(endpoint: string): Destination {
  const agent = new Agent({ keepAlive: true });
  const headers = { 'content-type': 'application/x-protobuf' };
  const options = { agent, method: 'POST', headers, timeout: SEND_TIMEOUT_MS };
  return {
    send: (body) =>
      new Promise((resolve, reject) => {
        const sent = request(`${endpoint}/v1/traces`, options, (response) => {
          response.resume();
          response.once('end', () => {
            if (response.statusCode === 200) {
              resolve(undefined);
              return;
            }
            const retryAfterS = response.headers['retry-after'];
            const retryMs = retryAfterS === undefined ? undefined : Number(retryAfterS) * 1_000;
            resolve({ reason: `HTTP ${response.statusCode}`, retryMs });
          });
        });
        sent.once('timeout', () => sent.destroy(new Error(`no answer in ${SEND_TIMEOUT_MS} ms`)));
        sent.once('error', reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function overGrpc(endpoint: string): Destination {
  const client = new Client(new URL(endpoint).host, credentials.createInsecure(), {
    // A connection of its own, as each service has.
    'grpc.use_local_subchannel_pool': 1,
  });
  const asItIs = (bytes: Buffer) => bytes;
  return {
    send: (body) =>
      new Promise((resolve, reject) => {
        const deadline = Date.now() + SEND_TIMEOUT_MS;
        const onAnswer = (error: ServiceError | null): void => {
          if (error === null) resolve(undefined);
          else if (!PASSING_CODES.has(error.code)) reject(error);
          else resolve({ reason: `gRPC ${status[error.code]}`, retryMs: undefined });
        };
        client.makeUnaryRequest(EXPORT_PATH, asItIs, asItIs, body, { deadline }, onAnswer);
      }),
    close: () => client.close(),
  };
}
