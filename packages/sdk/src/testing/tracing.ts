import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import type { Span } from '@opentelemetry/api';
import type { TracingOptions } from '../tracing/config.ts';
import type { RecordingSpan } from '../tracing/recording-span.ts';
import { startTracing } from '../tracing/start-tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Tracing whose spans go to a port that nobody reads: no network, no global state, no log. */
export function testTracing(options: TracingOptions = {}): Tracing {
  return startTracing({
    serviceName: 'test',
    enabled: true,
    global: false,
    relay: new MessageChannel().port1,
    log: () => undefined,
    ...options,
  });
}

/** The span as the encoder will see it. */
export function readable(span: Span | undefined): RecordingSpan {
  return span as RecordingSpan;
}

/** The spans in an OTLP request, still encoded, by walking its protobuf fields. */
export function encodedSpans(request: Uint8Array): Uint8Array[] {
  const resourceSpans = fields(request, 1);
  const scopeSpans = resourceSpans.flatMap((bytes) => fields(bytes, 2));
  return scopeSpans.flatMap((bytes) => fields(bytes, 2));
}

/** The names of the spans in an OTLP request. */
export function spanNames(request: Uint8Array): string[] {
  return encodedSpans(request).map((bytes) => new TextDecoder().decode(fields(bytes, 5)[0]));
}

/** The length-delimited fields of one number in a protobuf message. */
function fields(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      const length = varint();
      if (tag >>> 3 === wanted) found.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return found;
}

export interface OtlpReceiver {
  /** For `endpoint`. */
  readonly url: string;
  /** The names of all spans in requests that were answered with success. */
  readonly received: string[];
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

/** What the receiver answers: a status, with an OTLP response body or headers; or nothing, ever. */
export type Answer =
  | {
      readonly status: number;
      readonly body?: Uint8Array;
      readonly headers?: Record<string, string>;
    }
  | 'hang';

/** A real HTTP server on a free port that answers as told and keeps what it took. */
export async function startOtlpReceiver(
  answer: (request: number) => Answer,
): Promise<OtlpReceiver> {
  const received: string[] = [];
  const requests: IncomingMessage[] = [];
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const given = answer(requests.push(request) - 1);
    if (given === 'hang') return;
    const isGzip = request.headers['content-encoding'] === 'gzip';
    const body = isGzip ? gunzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks);
    if (given.status < 300) received.push(...spanNames(body));
    response.writeHead(given.status, given.headers).end(given.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
