import { once } from 'node:events';
import { ThroughlineError } from '@throughline/model';
import { WebSocket } from 'ws';
import type { ProcessParts } from '../process-parts.ts';
import { sleepUnlessAborted } from '../transport/sleep.ts';
import { tickOfFrame } from './market-event.ts';
import type { MarketSource, OnTick } from './market-source.ts';

export interface ExchangeStreamOptions {
  /** Of the exchange, without path, such as `wss://stream.binance.com:9443`. */
  readonly url: string;
  readonly symbols: readonly string[];
  /** Fails when the exchange cannot be reached at the start, instead of waiting for it. */
  readonly mustConnect: boolean;
}

const STREAMS = ['trade', 'bookTicker'];
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Exchanges ping every few seconds to minutes; a connection that says nothing longer is dead. */
const SILENCE_MS_MAX = 180_000;
const PAYLOAD_BYTES_MAX = 1_048_576;
const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 10_000;

/** Market data of Binance, or of a simulator like it, over one WebSocket that comes back. */
export class ExchangeStream implements MarketSource {
  readonly #parts: ProcessParts;
  readonly #options: ExchangeStreamOptions;
  readonly #stopping = new AbortController();
  #socket: WebSocket | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: ProcessParts, options: ExchangeStreamOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when it must connect and cannot */
  async start(onTick: OnTick): Promise<void> {
    this.#parts.setReady('exchange', false);
    const first = this.#connect(onTick);
    if (this.#options.mustConnect) await first.opened;
    this.#running = this.#keepUp(first, onTick);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#socket?.terminate();
    await this.#running;
  }

  /** As long as the service runs, each connection that ends is followed by another. */
  async #keepUp(first: Connection, onTick: OnTick): Promise<void> {
    const { signal } = this.#stopping;
    const { logger } = this.#parts;
    let failures = 0;
    for (let connection = first; ; connection = this.#connect(onTick)) {
      try {
        await connection.opened;
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ err: error }, 'the exchange cannot be reached');
      }
      await connection.closed;
      this.#parts.setReady('exchange', false);
      if (signal.aborted) return;
      if (failures === 0) logger.warn('the connection to the exchange is lost');
      await sleepUnlessAborted(backoffMs(failures), signal);
      if (signal.aborted) return;
    }
  }

  #connect(onTick: OnTick): Connection {
    const { url, symbols } = this.#options;
    const streams = symbols.flatMap((symbol) =>
      STREAMS.map((stream) => `${symbol.toLowerCase()}@${stream}`),
    );
    const socket = new WebSocket(`${url}/stream?streams=${streams.join('/')}`, {
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: PAYLOAD_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let silence: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.terminate(), SILENCE_MS_MAX);
    };
    socket.on('ping', heard);
    socket.on('message', (data, isBinary) => {
      heard();
      const tick = isBinary ? undefined : tickOfFrame(data.toString(), Date.now());
      if (tick) onTick(tick);
    });
    const opened = once(socket, 'open').then(
      () => {
        heard();
        this.#parts.setReady('exchange', true);
      },
      (cause: unknown) => {
        throw unreachable(url, cause);
      },
    );
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        clearTimeout(silence);
        resolve();
      });
    });
    // The reason is with `opened`; without a listener a later error would end the process.
    socket.on('error', () => undefined);
    opened.catch(() => undefined);
    return { opened, closed };
  }
}

interface Connection {
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
}

/** Doubling from try to try, with a random part: not all clients come back at once. */
function backoffMs(failures: number): number {
  const ms = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures, 10));
  return ms * (0.5 + Math.random() / 2);
}

function unreachable(url: string, cause: unknown): ThroughlineError {
  const detail = cause instanceof Error ? cause.message || String(cause) : String(cause);
  return new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', `cannot reach ${url}: ${detail}`, {
    hint: 'Without a network, use --exchange-ws with a simulator, or --replay with a recording.',
    cause,
  });
}
