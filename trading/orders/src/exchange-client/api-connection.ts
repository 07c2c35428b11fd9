import { createHmac } from 'node:crypto';
import { ThroughlineError } from '@throughline/model';
import { WebSocket } from 'ws';
import { z } from 'zod';

/** The key and secret of an account at the exchange. */
export interface Credentials {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** A request that the exchange answered: with a result, or with a refusal in its own words. */
export type Answer =
  | { readonly type: 'result'; readonly result: unknown }
  | { readonly type: 'refusal'; readonly code: number; readonly message: string };

interface ApiConnectionOptions extends Credentials {
  readonly url: string;
  /** How long a request waits for its answer. */
  readonly requestTimeoutMs: number;
  /** A user data event, as parsed JSON. */
  readonly onEvent: (event: unknown) => void;
  /**
   * What has to be done each time before the connection counts as ready; it is logged on and
   * subscribed. When this fails, the connection is cut and made anew.
   */
  readonly prepare: () => Promise<void>;
  /** The connection is ready, for the first time or again. */
  readonly onReady: () => void;
  /** The connection was ready and is lost; not called at the close. */
  readonly onLost: () => void;
}

interface ApiConnectionStats {
  readonly isReady: boolean;
  /** Logged on again after a loss. */
  readonly reconnects: number;
  /** Frames that no answer and no event could be read from. */
  readonly framesMalformed: number;
}

interface Request {
  readonly method: string;
  readonly params: object;
  readonly onSent: () => void;
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: ThroughlineError) => void;
  /** Runs out when the answer is overdue; set when the request is sent. */
  timer: NodeJS.Timeout | undefined;
}

const RECONNECT_DELAY_MS_MIN = 50;
const RECONNECT_DELAY_MS_MAX = 2_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;
const PING_INTERVAL_MS = 10_000;
/**
 * More requests wait here rather than in the exchange, where they would be overdue before their
 * turn.
 */
const IN_FLIGHT_MAX = 256;
const WAITING_MAX = 100_000;
const PAYLOAD_BYTES_MAX = 4_194_304;

const frameSchema = z.union([
  z.object({ id: z.string(), status: z.literal(200), result: z.unknown() }),
  z.object({ id: z.string(), error: z.object({ code: z.number(), msg: z.string() }) }),
  z.object({ subscriptionId: z.number(), event: z.unknown() }),
]);

/**
 * A WebSocket API session that lasts: requests with their answers, the account's events, and a
 * reconnect with growing delay whenever the socket is lost. Requests under way then fail, their
 * outcome unknown.
 */
export class ApiConnection {
  readonly #options: ApiConnectionOptions;
  /** By request id, in the order of their coming. */
  readonly #waiting = new Map<string, Request>();
  readonly #inFlight = new Map<string, Request>();
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready = Promise.withResolvers<void>();
  #isReady = false;
  #isClosed = false;
  #requestId = 0;
  #failures = 0;
  #logons = 0;
  #framesMalformed = 0;
  #lastFailure: Error | undefined;

  constructor(options: ApiConnectionOptions) {
    this.#options = options;
    this.#connect();
  }

  stats(): ApiConnectionStats {
    return {
      isReady: this.#isReady,
      reconnects: Math.max(0, this.#logons - 1),
      framesMalformed: this.#framesMalformed,
    };
  }

  /** @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when the connection is not ready in time */
  async whenReady(timeoutMs: number): Promise<void> {
    if (this.#isReady) return;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const detail = this.#lastFailure ? `: ${this.#lastFailure.message}` : '';
      late.reject(unavailable(`the exchange is not ready within ${timeoutMs} ms${detail}`));
    }, timeoutMs);
    try {
      await Promise.race([this.#ready.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends a request when its turn comes; the time for its answer runs from then.
   *
   * @param onSent called when it is handed to the network; before that, the exchange cannot know of
   *   it
   * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` without an answer: what became of it is
   *   unknown
   */
  request(method: string, params: object, onSent: () => void = () => undefined): Promise<Answer> {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(unavailable(`not connected to ${this.#options.url}`));
    }
    if (this.#waiting.size >= WAITING_MAX) {
      return Promise.reject(unavailable(`${WAITING_MAX} requests are waiting for their turn`));
    }
    this.#requestId += 1;
    const id = String(this.#requestId);
    const { promise, resolve: settle, reject: fail } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, { method, params, onSent, settle, fail, timer: undefined });
    this.#sendWaiting();
    return promise;
  }

  /** Ends the session; requests under way fail. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#lost(unavailable('the connection was closed'));
    this.#socket?.terminate();
  }

  #connect(): void {
    const socket = new WebSocket(this.#options.url, {
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: PAYLOAD_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    const stopPinging = keepAlive(socket);
    socket.on('open', () => {
      this.#logOn().catch((error: Error) => {
        this.#lastFailure = error;
        socket.terminate();
      });
    });
    socket.on('message', (data) => this.#receive(data.toString()));
    socket.on('error', (error) => {
      this.#lastFailure = error;
    });
    socket.on('close', () => {
      stopPinging();
      this.#lost(unavailable(`the connection to ${this.#options.url} was lost`));
      if (!this.#isClosed) this.#connectLater();
    });
  }

  #connectLater(): void {
    const delayMs = Math.min(RECONNECT_DELAY_MS_MAX, RECONNECT_DELAY_MS_MIN * 2 ** this.#failures);
    this.#failures += 1;
    // Spread, so that many clients do not come back in the same moment.
    this.#timer = setTimeout(() => this.#connect(), delayMs * (0.5 + Math.random() / 2));
  }

  async #logOn(): Promise<void> {
    const { apiKey, apiSecret } = this.#options;
    const timestamp = Date.now();
    const signature = createHmac('sha256', apiSecret)
      .update(`apiKey=${apiKey}&timestamp=${timestamp}`)
      .digest('hex');
    await this.#demand('session.logon', { apiKey, timestamp, signature });
    await this.#demand('userDataStream.subscribe', {});
    await this.#options.prepare();
    this.#failures = 0;
    this.#lastFailure = undefined;
    this.#logons += 1;
    this.#isReady = true;
    this.#ready.resolve();
    this.#options.onReady();
  }

  async #demand(method: string, params: object): Promise<void> {
    const answer = await this.request(method, params);
    if (answer.type === 'refusal') throw unavailable(`${method} was refused: ${answer.message}`);
  }

  #receive(text: string): void {
    const parsed = frameSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      this.#framesMalformed += 1;
    } else if ('event' in parsed.data) {
      this.#options.onEvent(parsed.data.event);
    } else if ('error' in parsed.data) {
      const { code, msg: message } = parsed.data.error;
      this.#take(parsed.data.id)?.settle({ type: 'refusal', code, message });
    } else {
      this.#take(parsed.data.id)?.settle({ type: 'result', result: parsed.data.result });
    }
  }

  #sendWaiting(): void {
    for (const [id, request] of this.#waiting) {
      if (this.#inFlight.size >= IN_FLIGHT_MAX) return;
      this.#waiting.delete(id);
      this.#inFlight.set(id, request);
      this.#send(id, request);
    }
  }

  #send(id: string, request: Request): void {
    const { method, params } = request;
    const { requestTimeoutMs } = this.#options;
    request.timer = setTimeout(() => {
      this.#take(id)?.fail(unavailable(`no answer to ${method} within ${requestTimeoutMs} ms`));
    }, requestTimeoutMs);
    this.#socket?.send(JSON.stringify({ id, method, params }), (error) => {
      if (error) this.#take(id)?.fail(unavailable(`cannot send ${method}`, error));
    });
    request.onSent();
  }

  /** Takes out a request that is answered, or failed; the next gets its place. */
  #take(id: string): Request | undefined {
    const request = this.#inFlight.get(id);
    if (!request) return undefined;
    this.#inFlight.delete(id);
    clearTimeout(request.timer);
    this.#sendWaiting();
    return request;
  }

  #lost(error: ThroughlineError): void {
    const wasReady = this.#isReady;
    if (wasReady) this.#ready = Promise.withResolvers<void>();
    this.#isReady = false;
    const requests = [...this.#inFlight.values(), ...this.#waiting.values()];
    this.#waiting.clear();
    this.#inFlight.clear();
    for (const { timer, fail } of requests) {
      clearTimeout(timer);
      fail(error);
    }
    if (wasReady && !this.#isClosed) this.#options.onLost();
  }
}

/** Cuts a socket whose other end is silent: a broken network does not say so by itself. */
function keepAlive(socket: WebSocket): () => void {
  let isAlive = true;
  const timer = setInterval(() => {
    if (!isAlive) socket.terminate();
    else if (socket.readyState === WebSocket.OPEN) socket.ping();
    isAlive = false;
  }, PING_INTERVAL_MS);
  const heard = () => {
    isAlive = true;
  };
  socket.on('pong', heard).on('message', heard);
  return () => clearInterval(timer);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', message, { cause });
}
