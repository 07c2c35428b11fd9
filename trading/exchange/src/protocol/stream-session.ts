import { z } from 'zod';
import type { Connection } from './connection.ts';
import type { MarketStreams, StreamSubscriber } from './market-streams.ts';

const requestSchema = z.object({
  method: z.enum(['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS']),
  params: z.array(z.string().max(64)).default([]),
  id: z.union([z.int(), z.string().max(36), z.null()]).default(null),
});

type Request = z.infer<typeof requestSchema>;

interface StreamSessionOptions {
  readonly streamsMax: number;
  /** Wrap events as `{ stream, data }`: the sockets under `/stream`. */
  readonly isCombined: boolean;
}

/**
 * A client of the market streams: `SUBSCRIBE`, `UNSUBSCRIBE` and `LIST_SUBSCRIPTIONS`.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
export class StreamSession implements StreamSubscriber {
  readonly #connection: Connection;
  readonly #streams: MarketStreams;
  readonly #options: StreamSessionOptions;
  readonly #subscribed = new Set<string>();

  constructor(connection: Connection, streams: MarketStreams, options: StreamSessionOptions) {
    this.#connection = connection;
    this.#streams = streams;
    this.#options = options;
    connection.onMessage = (text) => this.#handle(text);
    connection.onClose = () => this.#unsubscribe([...this.#subscribed]);
  }

  /**
   * Subscribes to the streams named in the URL. Unknown names are passed over: Binance does so, and
   * clients (ccxt) put a running number there to keep their sockets apart.
   */
  open(streams: readonly string[]): void {
    this.#subscribe(streams.filter((stream) => this.#streams.exists(stream)));
  }

  deliver(stream: string, data: string): void {
    this.#connection.send(
      this.#options.isCombined ? `{"stream":"${stream}","data":${data}}` : data,
    );
  }

  #handle(text: string): void {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      this.#refuse(3, 'Invalid JSON', null);
      return;
    }
    const request = requestSchema.safeParse(json);
    if (!request.success) {
      const issue = request.error.issues[0];
      this.#refuse(2, `Invalid request: ${issue?.path.join('.')} ${issue?.message}`, null);
      return;
    }
    this.#answer(request.data);
  }

  #answer({ method, params, id }: Request): void {
    const unknown = params.find((stream) => !this.#streams.exists(stream));
    if (unknown !== undefined) {
      this.#refuse(2, `Invalid request: unknown stream ${unknown}`, id);
      return;
    }
    if (method === 'SUBSCRIBE' && !this.#subscribe(params)) {
      this.#refuse(2, `Invalid request: more than ${this.#options.streamsMax} streams`, id);
      return;
    }
    if (method === 'UNSUBSCRIBE') this.#unsubscribe(params);
    const result = method === 'LIST_SUBSCRIPTIONS' ? [...this.#subscribed] : null;
    this.#connection.respond(JSON.stringify({ result, id }));
  }

  #refuse(code: number, msg: string, id: Request['id']): void {
    this.#connection.respond(JSON.stringify({ error: { code, msg }, id }));
  }

  /** @returns false, having subscribed to nothing, when there would be too many */
  #subscribe(streams: readonly string[]): boolean {
    const added = new Set(streams.filter((stream) => !this.#subscribed.has(stream)));
    if (this.#subscribed.size + added.size > this.#options.streamsMax) return false;
    for (const stream of added) {
      this.#subscribed.add(stream);
      this.#streams.subscribe(stream, this);
    }
    return true;
  }

  #unsubscribe(streams: readonly string[]): void {
    for (const stream of streams) {
      this.#subscribed.delete(stream);
      this.#streams.unsubscribe(stream, this);
    }
  }
}
