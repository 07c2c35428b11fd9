import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ThroughlineError } from '@throughline/model';

/**
 * Bytes of request bodies in memory, over all requests of a receiver. Every byte is taken before it
 * is kept and given back when its request is answered.
 */
export class BytesInFlight {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @throws ThroughlineError `TL_OVERLOADED` when the limit is reached; nothing is taken then */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new ThroughlineError(
        'TL_OVERLOADED',
        `more than ${this.#bytesMax} bytes of requests are being received at once`,
        { hint: 'Send again after a second.' },
      );
    }
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * A request's body, decompressed. Its bytes stay taken until `release` is called, once; then they are gone.
 */
export interface Body {
  bytes: Buffer;
  release(): void;
}

/** What a body is read from: a request, or its message where it came in another frame. */
export type BodyStream = Readable & Pick<IncomingMessage, 'headers'>;

/**
 * Reads a whole body, decompressing chunk by chunk, so that a gzip bomb is stopped at the limit.
 *
 * @param bytesMax of the body after decompression
 * @throws ThroughlineError `TL_OTLP_TOO_LARGE`, `TL_OTLP_UNSUPPORTED_TYPE` for another
 *   Content-Encoding than identity and gzip, `TL_OTLP_MALFORMED` for broken gzip, `TL_BAD_REQUEST`
 *   when the sender breaks off, `TL_OVERLOADED`
 */
export async function readBody(
  message: BodyStream,
  bytesMax: number,
  inFlight: BytesInFlight,
): Promise<Body> {
  if (Number(message.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decompressed(message)) {
      if (size + chunk.length > bytesMax) throw tooLarge(bytesMax);
      inFlight.take(chunk.length);
      size += chunk.length;
      chunks.push(chunk);
    }
  } catch (error) {
    inFlight.give(size);
    // What still comes is read and thrown away: a sender that is writing would not see the answer.
    message.resume();
    throw bodyError(error);
  }
  const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
  if (chunks.length > 1) for (const chunk of chunks) discard(chunk);
  const release = () => {
    inFlight.give(size);
    discard(bytes);
  };
  return { bytes, release };
}

/**
 * Gives back the memory of bytes that nobody will read again. Left to the garbage collector it is found
 * only by a full collection, and a load of large bodies would cause several of them a second, which
 * together take more time than everything else that the server does. Bytes that share their memory with
 * others keep it; of bytes that went over to a thread there is nothing left to give.
 *
 * @param frameBytes what stands before them in their memory, and goes with them
 */
export function discard({ buffer, byteLength }: Buffer, frameBytes = 0): void {
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength + frameBytes;
  if (isAlone && byteLength > 0) buffer.transfer(0);
}

/**
 * The chunks of a body. Leaving the loop early leaves the connection usable, so that it can be
 * answered.
 */
async function* decompressed(message: BodyStream): AsyncGenerator<Buffer> {
  const encoding = (message.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity') return yield* unharmed(message);
  if (encoding !== 'gzip') {
    throw new ThroughlineError(
      'TL_OTLP_UNSUPPORTED_TYPE',
      `Content-Encoding ${JSON.stringify(encoding.slice(0, 40))}`,
      { hint: 'Send identity or gzip.' },
    );
  }
  const gunzip = createGunzip();
  const onClose = () => {
    if (!message.readableEnded) gunzip.destroy(brokenOff());
  };
  message.once('close', onClose);
  try {
    yield* unharmed(message.pipe(gunzip));
  } finally {
    message.off('close', onClose);
    message.unpipe(gunzip);
    gunzip.destroy();
  }
}

/**
 * Iterating a stream destroys it at the end; destroying a request would close its connection
 * unanswered.
 */
function unharmed(stream: Readable): AsyncIterable<Buffer> {
  return { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }) };
}

function tooLarge(bytesMax: number): ThroughlineError {
  return new ThroughlineError('TL_OTLP_TOO_LARGE', `the body is larger than ${bytesMax} bytes`, {
    hint: 'Send smaller batches.',
  });
}

function brokenOff(cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_BAD_REQUEST', 'the sender broke off inside the body', { cause });
}

function bodyError(error: unknown): ThroughlineError {
  if (error instanceof ThroughlineError) return error;
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (code.startsWith('Z_')) {
    return new ThroughlineError('TL_OTLP_MALFORMED', `broken gzip: ${message}`, { cause: error });
  }
  return brokenOff(error);
}
