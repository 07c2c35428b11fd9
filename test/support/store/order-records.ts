import { ATTR, type Attributes, ORDER_SPAN, type Span } from '@throughline/model';
import {
  randomOrderSystem,
  spansOf,
} from '../../../packages/server/src/lifecycle/testing/order-system.ts';
import {
  encodeRequest,
  type OtlpAttribute,
  type OtlpSpan,
  otlpStrings,
} from '../../../packages/store/src/testing/otlp.ts';

/** A span with the time at which it is sent. */
export interface TimedSpan {
  readonly sentMs: number;
  readonly span: OtlpSpan;
}

interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * The spans of a random order system (batches, fills, matches over many traces), stretched over a time
 * long enough to lie in many buckets. Each is sent when it has ended, now and then later. Some orders
 * stay open.
 */
export function orderRecords(seed: number, { fromMs, untilMs }: Stretch): TimedSpan[] {
  const spans = spansOf(randomOrderSystem(seed), new Map());
  const lastNs = spans.reduce((last, { endNs }) => (endNs > last ? endNs : last), 0n);
  const lengthNs = BigInt(untilMs - fromMs) * 1_000_000n;
  const at = (ns: bigint) => BigInt(fromMs) * 1_000_000n + (ns * lengthNs) / lastNs;
  return spans.map((span, index) => {
    const isLate = (index + seed) % 11 === 0;
    const sentMs = Number(at(span.endNs) / 1_000_000n) + (isLate ? 2 * 3_600_000 : 0);
    return { sentMs, span: toOtlp(span, seed, at) };
  });
}

/** A record of the spans, as a service sends them. */
export function recordOf(spans: readonly TimedSpan[]): Uint8Array {
  return encodeRequest(
    spans.map(({ span }) => span),
    otlpStrings({ 'service.name': 'orders', 'host.name': `host-${spans.length % 3}` }),
  );
}

function toOtlp(span: Span, seed: number, at: (ns: bigint) => bigint): OtlpSpan {
  // Systems number their traces and orders from 1: each gets a range of its own.
  const traceId = (id: string) =>
    Buffer.from(`${seed.toString(16).padStart(8, '0')}${id.slice(8)}`, 'hex');
  const attributes = { ...span.attributes };
  const order = attributes[ATTR.clientOrderId];
  if (order !== undefined) attributes[ATTR.clientOrderId] = `${order}-${seed}`;
  const isOpen = String(order).endsWith('0') || seed % 3 === 0;
  if (isOpen && span.name === ORDER_SPAN.clientOrderUpdate) {
    attributes[ATTR.orderStatus] = 'partially_filled';
  }
  return {
    trace_id: traceId(span.traceId),
    span_id: Buffer.from(span.spanId, 'hex'),
    ...(span.parentSpanId && { parent_span_id: Buffer.from(span.parentSpanId, 'hex') }),
    name: span.name,
    kind: ['internal', 'server', 'client', 'producer', 'consumer'].indexOf(span.kind) + 1,
    start_time_unix_nano: `${at(span.startNs)}`,
    end_time_unix_nano: `${at(span.endNs)}`,
    attributes: toStrings(attributes),
    links: span.links.map((link) => ({
      trace_id: traceId(link.traceId),
      span_id: Buffer.from(link.spanId, 'hex'),
      attributes: toStrings(link.attributes),
    })),
  };
}

function toStrings(attributes: Attributes): OtlpAttribute[] {
  const texts = Object.entries(attributes).map(([key, value]) => [key, String(value)]);
  return otlpStrings(Object.fromEntries(texts));
}
