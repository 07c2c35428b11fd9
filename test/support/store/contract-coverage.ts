import { randomBytes } from 'node:crypto';
import type { CoverageOptions, HopRow, TraceStore } from '@throughline/store';
import { expect, test } from 'vitest';
import {
  encodeRequest,
  hex,
  type OtlpAttribute,
  type OtlpSpan,
  otlpSpan,
  otlpStrings,
} from '../../../packages/store/src/testing/otlp.ts';

/** Years before the spans of other tests. */
const EPOCH_NS = 1_500_000_000_000_000_000n;
const RANGE: CoverageOptions = {
  startNs: EPOCH_NS,
  endNs: EPOCH_NS + 1_000n,
  orphansBeforeNs: EPOCH_NS + 1_000n,
  limit: 100,
};
const PRODUCER = 4;
const CONSUMER = 5;
const NONE = { missing: 0, malformed: 0, missed: 0, orphaned: 0, linksDropped: 0 };

function messagingSpan(
  kind: number,
  destination: string,
  attributes: Record<string, string>,
  span: Partial<OtlpSpan> = {},
): OtlpSpan {
  const names = { 'messaging.system': 'nats', 'messaging.destination.name': destination };
  return otlpSpan({
    kind,
    start_time_unix_nano: `${EPOCH_NS}`,
    end_time_unix_nano: `${EPOCH_NS + 5n}`,
    attributes: otlpStrings({ ...names, ...attributes }),
    ...span,
  });
}

/** One message: the span of its send, and that of its processing, which nobody may have stored. */
function message(
  destination: string,
  attributes: Record<string, string> = {},
  span: Partial<OtlpSpan> = {},
): { sent: OtlpSpan; processed: OtlpSpan } {
  const sent = messagingSpan(PRODUCER, destination, {});
  const parent = { trace_id: sent.trace_id, parent_span_id: sent.span_id };
  const processed = messagingSpan(CONSUMER, destination, attributes, { ...parent, ...span });
  return { sent, processed };
}

function service(name: string): OtlpAttribute[] {
  return otlpStrings({ 'service.name': name });
}

/** `TraceStore.coverage`, as tests: a part of the contract. */
export function coverageContract(
  reads: () => TraceStore,
  keep: (...records: Uint8Array[]) => Promise<void>,
): void {
  const coverageOf = async (destination: string): Promise<HopRow[]> => {
    const { hops } = await reads().coverage(RANGE);
    return hops.filter((hop) => hop.destination === destination);
  };

  test('a message is of its sender, its destination and its consumer, and counts once', async () => {
    const messages = [message('orders'), message('orders'), message('orders')];
    const sent = encodeRequest(
      messages.map((one) => one.sent),
      service('gateway'),
    );
    const processed = encodeRequest(
      messages.map((one) => one.processed),
      service('manager'),
    );
    await keep(sent, processed, sent, processed);
    const [{ exampleTraceId, ...hop }] = (await coverageOf('orders')) as [HopRow];
    expect(hop).toEqual({
      ...{ producer: 'gateway', system: 'nats', destination: 'orders', consumer: 'manager' },
      ...{ ...NONE, consumed: 3 },
    });
    expect(messages.map((one) => hex(one.sent.trace_id))).toContain(exampleTraceId);
  });

  test('a message whose context is not usable says why, and is the example', async () => {
    const root = (attributes: Record<string, string>, span: Partial<OtlpSpan> = {}) =>
      messagingSpan(CONSUMER, 'fills', attributes, span);
    const received = (value: string) => root({ 'throughline.context.received': value });
    const link = { trace_id: randomBytes(16), span_id: randomBytes(8) };
    const spans = [
      received('missing'),
      received('malformed'),
      root({ 'throughline.correlation': 'missed' }),
      root({}),
      message('fills').processed,
      root({}, { links: [link], dropped_links_count: 2 }),
    ];
    const others = [
      received('untrusted'),
      root({ 'messaging.operation.type': 'receive' }, { links: [link] }),
      messagingSpan(PRODUCER, 'fills', {}),
      otlpSpan({ kind: CONSUMER, start_time_unix_nano: `${EPOCH_NS}` }),
    ];
    await keep(encodeRequest([...spans, ...others], service('algorithm')));
    const [{ exampleTraceId, ...hop }] = (await coverageOf('fills')) as [HopRow];
    expect(hop).toEqual({
      ...{ producer: undefined, system: 'nats', destination: 'fills', consumer: 'algorithm' },
      ...{ consumed: 6, missing: 2, malformed: 1, missed: 1, orphaned: 1, linksDropped: 2 },
    });
    expect(spans.slice(0, 5).map((span) => hex(span.trace_id))).toContain(exampleTraceId);
  });

  test('a template stands for the subjects that it fits, temporary ones for each other', async () => {
    const template = { 'messaging.destination.template': 'ticks.*' };
    const temporary = message('_INBOX.1').processed;
    temporary.attributes?.push({
      key: 'messaging.destination.temporary',
      value: { bool_value: true },
    });
    const ticks = [message('ticks.a', template), message('ticks.b', template)];
    await keep(encodeRequest([...ticks.map((one) => one.processed), temporary]));
    expect(await coverageOf('ticks.*')).toMatchObject([{ consumed: 2 }]);
    expect(await coverageOf('')).toMatchObject([{ consumed: 1 }]);
  });

  test('the range is half-open, and of nothing there is nothing', async () => {
    const at = (ns: bigint) => message('edge', {}, { start_time_unix_nano: `${ns}` }).processed;
    await keep(encodeRequest([at(RANGE.startNs - 1n), at(RANGE.startNs), at(RANGE.endNs)]));
    expect(await coverageOf('edge')).toMatchObject([{ consumed: 1 }]);
    const before = { ...RANGE, startNs: EPOCH_NS - 5_000n, endNs: EPOCH_NS - 4_000n };
    expect(await reads().coverage(before)).toEqual({ hops: [], truncated: false });
  });
}
