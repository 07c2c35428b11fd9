import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { ChdbResult } from 'chdb';
import { CODE, exceptionAnswer } from './exceptions.ts';

const gzipAsync = promisify(gzip);

const CONTENT_TYPES: readonly [RegExp, string][] = [
  [/^(JSON\w*EachRow|NDJSON|JSONLines)$/, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/, 'application/json; charset=UTF-8'],
  [/^CSV/, 'text/csv; charset=UTF-8'],
  [/^(TSV|TabSeparated)/, 'text/tab-separated-values; charset=UTF-8'],
];

/** Headers that every answer to a statement has. */
export interface AnswerHeaders {
  queryId: string;
  format: string;
  timezone: string;
  /** The client takes gzip, and asked for it by `enable_http_compression`. */
  gzip: boolean;
}

export async function answerWhole(
  response: ServerResponse,
  headers: AnswerHeaders,
  result: ChdbResult,
  rowsWritten: number,
): Promise<void> {
  const bytes = result.bytes();
  const body = headers.gzip ? await gzipAsync(bytes) : bytes;
  writeHeaders(response, headers);
  response.setHeader('X-ClickHouse-Summary', summary(result, rowsWritten));
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/**
 * Sends the parts as they come. An error before the first of them is thrown; a later one is written
 * behind them, in the block by which ClickHouse's clients know it, and the connection ends without
 * an end of the body, for those that do not.
 */
export async function answerStream(
  response: ServerResponse,
  headers: AnswerHeaders,
  parts: AsyncGenerator<Uint8Array>,
): Promise<void> {
  const first = await parts.next();
  const tag = randomBytes(8).toString('hex');
  let failed = false;
  async function* body(): AsyncGenerator<Uint8Array> {
    if (first.done) return;
    yield first.value;
    try {
      yield* parts;
    } catch (error) {
      failed = true;
      yield exceptionBlock(error, tag);
    }
  }
  writeHeaders(response, headers);
  response.setHeader('X-ClickHouse-Exception-Tag', tag);
  const compression = headers.gzip ? [createGzip()] : [];
  await pipeline([Readable.from(body()), ...compression, response], { end: false });
  if (failed) response.socket?.end();
  else response.end();
}

function exceptionBlock(error: unknown, tag: string): Buffer {
  const { text } = exceptionAnswer(error);
  const length = Buffer.byteLength(text);
  return Buffer.from(`\r\n__exception__\r\n${tag}\r\n${text}${length} ${tag}\r\n__exception__\r\n`);
}

export function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { code, status, text } = exceptionAnswer(error);
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.setHeader('X-ClickHouse-Exception-Code', code);
  if (code === CODE.REQUIRED_PASSWORD) {
    response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse"');
  }
  // What is left of the body would have to be read first.
  if (!request.complete) response.setHeader('Connection', 'close');
  response.end(text);
}

function writeHeaders(response: ServerResponse, headers: AnswerHeaders): void {
  const type = CONTENT_TYPES.find(([pattern]) => pattern.test(headers.format))?.[1];
  response.setHeader('Content-Type', type ?? 'application/octet-stream');
  response.setHeader('X-ClickHouse-Query-Id', headers.queryId);
  response.setHeader('X-ClickHouse-Format', headers.format);
  response.setHeader('X-ClickHouse-Timezone', headers.timezone);
  if (headers.gzip) response.setHeader('Content-Encoding', 'gzip');
}

function summary({ rowsRead, bytesRead, elapsed }: ChdbResult, rowsWritten: number): string {
  const numbers = {
    read_rows: rowsRead,
    read_bytes: bytesRead,
    written_rows: rowsWritten,
    elapsed_ns: Math.round(elapsed * 1e9),
  };
  return JSON.stringify(
    Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)])),
  );
}
