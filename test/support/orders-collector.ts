import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrived over OTLP. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
  /** `service.instance.id`: of each start of a service another. */
  readonly instance: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly CollectedLink[];
  readonly events: readonly CollectedEvent[];
}

export interface CollectedEvent {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface CollectedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * A real HTTP server that takes OTLP/HTTP protobuf and keeps the spans, each once: a sender that waits too
 * long for its answer sends them again.
 */
export interface Collector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const known = new Set<string>();
  const isNew = ({ traceId, spanId }: CollectedSpan): boolean => {
    const { size } = known;
    return known.add(traceId + spanId).size > size;
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    spans.push(...decodeSpans(Buffer.concat(chunks)).filter(isNew));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUS_ERROR = 2n;

/** Numbers of the fields in opentelemetry/proto/trace/v1/trace.proto. */
function decodeSpans(request: Uint8Array): CollectedSpan[] {
  return new Message(request).messages(1).flatMap((resourceSpans) => {
    const resource = resourceSpans.messages(1).flatMap((message) => message.messages(1));
    const attributes = attributesOf(resource);
    const service = String(attributes['service.name']);
    const instance = String(attributes['service.instance.id']);
    const scopes = resourceSpans.messages(2);
    return scopes
      .flatMap((scope) => scope.messages(2))
      .map((span) => ({
        traceId: span.hex(1),
        spanId: span.hex(2),
        parentSpanId: span.hex(4) || undefined,
        name: span.text(5),
        kind: KINDS[Number(span.integer(6))] ?? '',
        service,
        instance,
        startNs: span.integer(7),
        endNs: span.integer(8),
        isError: span.messages(15)[0]?.integer(3) === STATUS_ERROR,
        attributes: attributesOf(span.messages(9)),
        links: span.messages(13).map((link) => ({
          traceId: link.hex(1),
          spanId: link.hex(2),
          attributes: attributesOf(link.messages(4)),
        })),
        events: span.messages(11).map((event) => ({
          name: event.text(2),
          attributes: attributesOf(event.messages(3)),
        })),
      }));
  });
}

function attributesOf(pairs: readonly Message[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => [pair.text(1), anyValueOf(pair.messages(2)[0] ?? new Message())]),
  );
}

function anyValueOf(value: Message): unknown {
  if (value.has(1)) return value.text(1);
  if (value.has(2)) return value.integer(2) === 1n;
  if (value.has(3)) return Number(value.integer(3));
  return value.messages(5).flatMap((array) => array.messages(1).map(anyValueOf));
}

/** A protobuf message, its fields by number. Doubles are not needed here and not read. */
class Message {
  readonly #fields = new Map<number, (bigint | Uint8Array)[]>();

  constructor(bytes: Uint8Array = new Uint8Array()) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = view.getUint8(at++);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const wireType = tag & 7;
      let value: bigint | Uint8Array;
      if (wireType === 0) {
        value = varint();
      } else if (wireType === 2) {
        const length = Number(varint());
        value = bytes.subarray(at, at + length);
        at += length;
      } else {
        const isLong = wireType === 1;
        value = isLong ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
        at += isLong ? 8 : 4;
      }
      const number = tag >>> 3;
      this.#fields.set(number, [...(this.#fields.get(number) ?? []), value]);
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  integer(field: number): bigint {
    const value = this.#fields.get(field)?.[0];
    return typeof value === 'bigint' ? value : 0n;
  }

  hex(field: number): string {
    return Buffer.from(this.#bytes(field)[0] ?? []).toString('hex');
  }

  text(field: number): string {
    return Buffer.from(this.#bytes(field)[0] ?? []).toString();
  }

  messages(field: number): Message[] {
    return this.#bytes(field).map((bytes) => new Message(bytes));
  }

  #bytes(field: number): Uint8Array[] {
    return (this.#fields.get(field) ?? []).filter((value) => value instanceof Uint8Array);
  }
}
