import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ClickHouseException } from './exceptions.ts';

/** The body of a request, decoded: first the begin, where a statement may stand, then the rest. */
export class RequestBody {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #ended = false;

  /** @throws ClickHouseException for an encoding or a type that is not understood */
  constructor(request: IncomingMessage) {
    this.#chunks = decoded(request)[Symbol.asyncIterator]();
  }

  /** Reads until there are `bytesMin` bytes, or no more. */
  async begin(bytesMin: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for (let bytes = 0; bytes < bytesMin; ) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      chunks.push(chunk);
      bytes += chunk.length;
    }
    return Buffer.concat(chunks);
  }

  /** What `begin` left. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#next(); chunk; chunk = await this.#next()) yield chunk;
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    try {
      const { value, done } = await this.#chunks.next();
      if (done) this.#ended = true;
      return done ? undefined : value;
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new ClickHouseException('INCORRECT_DATA', `Cannot read the body: ${text}.`, { cause });
    }
  }
}

function decoded(request: IncomingMessage): AsyncIterable<Uint8Array> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (/^multipart\//i.test(request.headers['content-type'] ?? '')) {
    throw new ClickHouseException(
      'NOT_IMPLEMENTED',
      'Multipart bodies are not supported: send parameters in the URL.',
    );
  }
  if (encoding === 'identity') return request;
  if (encoding !== 'gzip') {
    throw new ClickHouseException(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Encoding ${encoding} is not supported: use gzip.`,
    );
  }
  // A failure reaches whoever reads.
  return pipeline(request, createGunzip(), () => undefined);
}
