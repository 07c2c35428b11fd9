import type { Agent, IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '../propagation/suppression.ts';
import type { ExporterTls } from '../tracing/exporter-config.ts';
import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import { nodeHttp, nodeHttps } from './node-http.ts';
import { readPartialSuccess } from './partial-success.ts';
import { sharedLookup } from './shared-lookup.ts';
import type { SpanBatch } from './span-batch.ts';

interface OtlpSinkOptions {
  /** The full address, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly tls: ExporterTls | undefined;
  /** For one request, from looking up the host's name to the end of the answer. */
  readonly timeoutMs: number;
  readonly inFlightMax: number;
}

const RETRYABLE_STATUS: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504]);
const RESPONSE_BYTES_MAX = 65_536;

/**
 * Sends batches by OTLP/HTTP (opentelemetry-proto, `docs/specification.md`, OTLP/HTTP), each in one
 * request. Of our own, because nothing here may hold the process: OpenTelemetry's transport retries
 * on timers that keep it alive, and tells nobody how many spans a partial success rejected.
 */
export class OtlpSink implements BatchSink {
  readonly destination: string;
  readonly #options: OtlpSinkOptions;
  readonly #url: URL;
  readonly #agent: Agent;
  #isClosed = false;

  constructor(options: OtlpSinkOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    // Without user and query, which may be credentials: it stands in the log.
    this.destination = `${this.#url.origin}${this.#url.pathname}`;
    const agentOptions = {
      keepAlive: true,
      maxSockets: options.inFlightMax,
      lookup: sharedLookup(),
    };
    this.#agent = this.#isHttps
      ? new (nodeHttps().Agent)({ ...agentOptions, ...options.tls })
      : new (nodeHttp().Agent)(agentOptions);
  }

  /**
   * The work begins in a turn of its own: a call that ends a span does not wait for it. That turn
   * comes even in a process that is about to exit: an immediate that does not hold it would wait
   * for whatever wakes the event loop next.
   */
  send(batch: SpanBatch, settle: (outcome: ExportOutcome) => void): void {
    setImmediate(() => {
      context
        .with(suppressTracing(ROOT_CONTEXT), () => this.#export(batch))
        .then(settle, (error: unknown) => settle({ status: 'failed', reason: reasonOf(error) }));
    });
  }

  poll(): void {}

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #export(batch: SpanBatch): Promise<ExportOutcome> {
    const isGzip = this.#options.compression === 'gzip';
    const body = isGzip ? await gzipBytes(batch.bytes) : batch.bytes;
    // A request that begins now would open a connection that nobody closes.
    if (this.#isClosed) return { status: 'failed', reason: 'closed' };
    return this.#request(body);
  }

  get #isHttps(): boolean {
    return this.#url.protocol === 'https:';
  }

  #request(body: Uint8Array): Promise<ExportOutcome> {
    const { promise, resolve } = Promise.withResolvers<ExportOutcome>();
    const { request: send } = this.#isHttps ? nodeHttps() : nodeHttp();
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
    }, this.#options.timeoutMs).unref();
    let isAnswered = false;
    const fail = (reason: string): void => {
      if (!isAnswered) resolve({ status: 'retryable', reason });
    };
    request.on('socket', (socket) => socket.unref());
    request.on('error', (error) => fail(reasonOf(error)));
    request.on('close', () => fail('the connection was closed'));
    request.on('response', (response) => {
      isAnswered = true;
      readOutcome(response).then(resolve);
    });
    request.end(body);
    return promise.finally(() => clearTimeout(timer));
  }
}

/** Loaded when it is needed: most receivers are near, and do not ask for it. */
function gzipBytes(bytes: Uint8Array): Promise<Uint8Array> {
  const { gzip } = process.getBuiltinModule('node:zlib');
  return promisify(gzip)(bytes);
}

/** The status decides, even when the rest of the answer gets lost. */
async function readOutcome(response: IncomingMessage): Promise<ExportOutcome> {
  const { statusCode = 0 } = response;
  const body = await readBody(response);
  if (statusCode >= 200 && statusCode < 300) {
    const { rejectedSpans, message } = readPartialSuccess(body);
    return { status: 'exported', rejected: rejectedSpans, message };
  }
  const reason = `HTTP ${statusCode}`;
  if (!RETRYABLE_STATUS.has(statusCode)) return { status: 'failed', reason };
  return { status: 'retryable', reason, afterMs: retryAfterMs(response.headers['retry-after']) };
}

/** Answers are tiny; of one that is not, the rest is thrown away. */
async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes <= RESPONSE_BYTES_MAX) chunks.push(chunk);
    }
  } catch {
    // Cut off: what came is all there is.
  }
  return Buffer.concat(chunks);
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const ms = Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

/** Codes say more than the messages of several addresses that were tried at once. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}
