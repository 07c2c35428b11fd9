import { randomBytes } from 'node:crypto';
import { ATTR, LINK_TYPE, ORDER_SPAN } from '@throughline/model';
import {
  encodeRequest,
  type OtlpSpan,
  otlpSpan,
  otlpStrings,
} from '../../packages/store/src/testing/otlp.ts';

/** What one trace of a sender becomes in each table, when it is there exactly once. */
export const ROWS_PER_TRACE = {
  spans: 20,
  links: 2,
  // The order's id of the span that begins it, and of the others; the batch's id.
  ids: 3,
  boundaries: 2,
} as const;

/** How a sender says the same thing. */
export type Encoding = 'json' | 'proto';

/** What the spans of a trace link to: its own id turned round, and that with its halves exchanged. */
export function linkedTo(traceId: string): [string, string] {
  const reversed = [...traceId].reverse().join('');
  return [reversed, reversed.slice(16) + reversed.slice(0, 16)];
}

/** One trace: an order with its begin and its end, two business ids, and links to two traces. */
function spansOf(traceId: string): OtlpSpan[] {
  const startNs = BigInt(Date.now()) * 1_000_000n;
  const [first, second] = linkedTo(traceId);
  const names = new Map<number, string>([
    [0, ORDER_SPAN.clientOrderReceived],
    [ROWS_PER_TRACE.spans - 1, ORDER_SPAN.clientOrderUpdate],
  ]);
  const links = new Map<number, string[]>([
    [3, [first, second]],
    // Told again, and of the trace itself: neither is a trace that links to another once more.
    [7, [first, traceId]],
  ]);
  return Array.from({ length: ROWS_PER_TRACE.spans }, (_, index) =>
    otlpSpan({
      trace_id: Buffer.from(traceId, 'hex'),
      span_id: spanId(index),
      ...(index === 0 ? {} : { parent_span_id: spanId(0) }),
      name: names.get(index) ?? `step ${index}`,
      kind: 1,
      start_time_unix_nano: `${startNs + BigInt(index)}`,
      end_time_unix_nano: `${startNs + 1000n}`,
      attributes: otlpStrings({
        [ATTR.clientOrderId]: traceId,
        ...(index === 5 ? { [ATTR.batchId]: `batch-${traceId}` } : {}),
        ...(index === ROWS_PER_TRACE.spans - 1 ? { [ATTR.orderStatus]: 'filled' } : {}),
      }),
      links: (links.get(index) ?? []).map((target) => ({
        trace_id: Buffer.from(target, 'hex'),
        span_id: spanId(1),
        attributes: otlpStrings({ [ATTR.linkType]: LINK_TYPE.memberOf }),
      })),
    }),
  );
}

function spanId(index: number): Buffer {
  const id = Buffer.alloc(8);
  id.writeUInt8(index + 1, 7);
  return id;
}

const RESOURCE = otlpStrings({ 'service.name': 'sender' });

/** The same request as OTLP/JSON, whose ids are hex and whose names are in camel case. */
function toJson(spans: OtlpSpan[]): string {
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  const request = {
    resource_spans: [{ resource: { attributes: RESOURCE }, scope_spans: [{ spans }] }],
  };
  return JSON.stringify(request, (_, value) => {
    if (value?.type === 'Buffer') return Buffer.from(value.data).toString('hex');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [camel(name), inner]));
  });
}

/** Sends traces over several connections and remembers which were acknowledged. */
export class Sender {
  readonly acknowledged = new Set<string>();
  /** Answers other than 200, by status; connections that broke count as 0. */
  readonly refused = new Map<number, number>();
  readonly #encoding: Encoding;
  readonly #loops: Promise<void>[];
  #url = '';
  #running = true;

  constructor(otlpHttp: string, options: { encoding: Encoding; connections: number }) {
    this.moveTo(otlpHttp);
    this.#encoding = options.encoding;
    this.#loops = Array.from({ length: options.connections }, () => this.#loop());
  }

  /** A server that was started again has another port. */
  moveTo(otlpHttp: string): void {
    this.#url = `${otlpHttp}/v1/traces`;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const traceId = randomBytes(16).toString('hex');
      const status = await this.#send(traceId);
      if (status === 200) this.acknowledged.add(traceId);
      else this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
      if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #send(traceId: string): Promise<number> {
    const spans = spansOf(traceId);
    const json = this.#encoding === 'json';
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': json ? 'application/json' : 'application/x-protobuf' },
        body: json ? toJson(spans) : Buffer.from(encodeRequest(spans, RESOURCE)),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }
}
