import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { packMessage } from '../messaging/message.ts';
import { withBusinessIds } from '../propagation/business-ids.ts';
import { readable, testTracing } from '../testing/tracing.ts';
import { startFanIn } from './fan-in.ts';

/** A member: a span in a trace of its own, with a user's baggage. */
function startMember(tracing: ReturnType<typeof testTracing>, user: string) {
  const parent = withBusinessIds(ROOT_CONTEXT, { [ATTR.userId]: user });
  const span = tracing.tracer.startSpan('member', {}, parent);
  return trace.setSpan(parent, span);
}

test('a batch is a new trace that links to every member, in whatever form it is given', () => {
  const tracing = testTracing();
  const contexts = ['u1', 'u2', 'u3'].map((user) => startMember(tracing, user));
  const [first, second, third] = contexts as [(typeof contexts)[0], (typeof contexts)[0], never];
  const message = packMessage(tracing, 'order', third);
  const batch = startFanIn(tracing, 'order_batching', {
    members: [
      { context: first, attributes: { 'order.quantity': '2' } },
      { spanContext: trace.getSpanContext(second) },
      { carrier: message.traceContextCarrier },
    ],
    attributes: { [ATTR.batchSize]: 3 },
    businessIds: { [ATTR.batchId]: 'b1' },
  });
  const span = readable(batch.span);
  expect(span.parentSpanContext).toBeUndefined();
  expect(span.kind).toBe(SpanKind.INTERNAL);
  expect(span.links.map((link) => link.context.traceId)).toEqual(
    contexts.map((context) => trace.getSpanContext(context)?.traceId),
  );
  expect(span.links.map((link) => link.attributes)).toEqual([
    { 'order.quantity': '2', [ATTR.linkType]: 'member_of' },
    { [ATTR.linkType]: 'member_of' },
    { [ATTR.linkType]: 'member_of' },
  ]);
  expect(span.attributes).toEqual({ [ATTR.batchSize]: 3, [ATTR.batchId]: 'b1' });
});

test("the members' baggage is dropped and the batch has its own", () => {
  const tracing = testTracing();
  const batch = startFanIn(tracing, 'order_batching', {
    members: [{ context: startMember(tracing, 'u1') }],
    businessIds: { [ATTR.batchId]: 'b1' },
  });
  expect(propagation.getBaggage(batch.context)?.getAllEntries()).toEqual([
    [ATTR.batchId, { value: 'b1' }],
  ]);
});

test('a member without context is left out and said to be missed, and is never an error', () => {
  const tracing = testTracing();
  const batch = startFanIn(tracing, 'order_batching', {
    members: [
      { spanContext: undefined },
      { carrier: { traceparent: 'malformed' } },
      { context: ROOT_CONTEXT },
      { context: startMember(tracing, 'u1') },
    ],
  });
  expect(readable(batch.span).links).toHaveLength(1);
  expect(readable(batch.span).attributes[ATTR.correlation]).toBe('missed');
});

test('links that do not fit go to supplement spans', async () => {
  const tracing = testTracing({ limits: { linkCountMax: 4 } });
  const members = Array.from({ length: 11 }, (_, index) => ({
    context: startMember(tracing, `u${index}`),
  }));
  const startedBefore = tracing.stats().started;
  const batch = startFanIn(tracing, 'order_batching', { members });
  const span = readable(batch.span);
  expect(tracing.stats().started - startedBefore).toBe(3);
  expect(span.links).toHaveLength(4);
  expect(span.droppedLinksCount).toBe(0);
  expect(span.attributes[ATTR.supplement]).toBeUndefined();
  batch.end();
  expect(tracing.stats().ended).toBe(3);
  expect(span.ended).toBe(true);
});

test('a batch of exactly as many members as fit has no supplement', () => {
  const tracing = testTracing({ limits: { linkCountMax: 4 } });
  const member = { context: startMember(tracing, 'u1') };
  startFanIn(tracing, 'order_batching', { members: [member, member, member, member] });
  expect(tracing.stats().started).toBe(2);
});

test('disabled, a batch is no span at all', () => {
  const tracing = testTracing({ enabled: false });
  const batch = startFanIn(tracing, 'order_batching', { members: [{ spanContext: undefined }] });
  expect(batch.span.isRecording()).toBe(false);
  batch.end();
});
