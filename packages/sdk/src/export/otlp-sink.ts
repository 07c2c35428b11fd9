import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import type { SpanBatch } from './span-batch.ts';

interface OtlpSinkOptions {
  /** The full address, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** From the first attempt to giving up, retries included. */
  readonly timeoutMs: number;
  readonly inFlightMax: number;
}

type Attempt = ExportOutcome | { status: 'retryable'; reason: string; afterMs: number | undefined };

const RETRYABLE_STATUS: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504]);
const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 5_000;
const RESPONSE_BYTES_MAX = 65_536;

const gzipBytes = promisify(gzip);

/**
 * Sends batches by OTLP/HTTP (opentelemetry-proto, `docs/specification.md`, OTLP/HTTP), with
 * retries as it says. Of our own, because nothing here may hold the process: OpenTelemetry's
 * transport retries on timers that keep it alive, and tells nobody how many spans a partial success
 * rejected.
 */
export class OtlpSink implements BatchSink {
  readonly destination: string;
  readonly #options: OtlpSinkOptions;
  readonly #url: URL;
  readonly #agent: HttpAgent;
  readonly #closing = new AbortController();

  constructor(options: OtlpSinkOptions) {
    this.destination = options.url;
    this.#options = options;
    this.#url = new URL(options.url);
    const Agent = this.#url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.inFlightMax });
  }

  send(batch: SpanBatch, settle: (outcome: ExportOutcome) => void): void {
    context
      .with(suppressTracing(ROOT_CONTEXT), () => this.#export(batch))
      .then(settle, (error: unknown) => settle({ status: 'failed', reason: reasonOf(error) }));
  }

  poll(): void {}

  close(): void {
    this.#closing.abort();
    this.#agent.destroy();
  }

  async #export(batch: SpanBatch): Promise<ExportOutcome> {
    const deadlineMs = performance.now() + this.#options.timeoutMs;
    const isGzip = this.#options.compression === 'gzip';
    const body = isGzip ? await gzipBytes(batch.bytes) : batch.bytes;
    let backoffMs = BACKOFF_MS_MIN;
    for (;;) {
      const attempt = await this.#attempt(body, Math.max(0, deadlineMs - performance.now()));
      if (attempt.status !== 'retryable') return attempt;
      // Half of the wait is random, so that many services do not come back all at once. A server
      // that says "at once" over and over is still not asked in a tight loop.
      const waitMs = Math.max(attempt.afterMs ?? 0, backoffMs * (0.5 + Math.random() / 2));
      if (performance.now() + waitMs >= deadlineMs) {
        return { status: 'failed', reason: attempt.reason };
      }
      await sleep(waitMs, undefined, { ref: false, signal: this.#closing.signal });
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
    }
  }

  #attempt(body: Uint8Array, timeoutMs: number): Promise<Attempt> {
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        ...this.#options.headers,
        'content-type': 'application/x-protobuf',
        'content-length': body.byteLength,
        ...(this.#options.compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
      },
    });
    const timer = setTimeout(() => {
      request.destroy(new Error('timed out'));
    }, timeoutMs).unref();
    request.on('socket', (socket) => socket.unref());
    request.on('error', (error) => {
      resolve({ status: 'retryable', reason: reasonOf(error), afterMs: undefined });
    });
    request.on('response', (response) => {
      readAttempt(response).then(resolve, (error: unknown) => {
        resolve({ status: 'retryable', reason: reasonOf(error), afterMs: undefined });
      });
    });
    request.end(body);
    return promise.finally(() => clearTimeout(timer));
  }
}

async function readAttempt(response: IncomingMessage): Promise<Attempt> {
  const { statusCode = 0 } = response;
  const body = await readBody(response);
  if (statusCode >= 200 && statusCode < 300) {
    return { status: 'exported', rejected: rejectedSpans(body) };
  }
  const reason = `HTTP ${statusCode}`;
  if (!RETRYABLE_STATUS.has(statusCode)) return { status: 'failed', reason };
  return { status: 'retryable', reason, afterMs: retryAfterMs(response.headers['retry-after']) };
}

/** Answers are tiny; of one that is not, the rest is thrown away. */
async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes <= RESPONSE_BYTES_MAX) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An answer that cannot be read does not undo a success. */
function rejectedSpans(body: Uint8Array): number {
  try {
    const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(body);
    return Math.max(Number(partialSuccess?.rejectedSpans ?? 0), 0);
  } catch {
    return 0;
  }
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const ms = Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}
