import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { withBusinessIds } from '../propagation/business-ids.ts';
import type { Carrier } from '../propagation/carrier.ts';
import { captureSpans } from '../testing/captured-spans.ts';
import { readable, testTracing } from '../testing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type BatchConsumerOptions, consumeBatch, startBatchSend, startCreate } from './batch.ts';
import { startConsumer } from './consumer.ts';
import { packMessage } from './message.ts';

interface Message {
  readonly id: number;
  readonly carrier: Carrier;
}

/** Messages of as many senders, each with a user of its own. */
function send(tracing: Tracing, count: number): Message[] {
  return Array.from({ length: count }, (_, id) => {
    const base = withBusinessIds(ROOT_CONTEXT, { [ATTR.userId]: `u${id}` });
    const sender = trace.setSpan(base, tracing.tracer.startSpan('send', {}, base));
    return { id, carrier: packMessage(tracing, {}, sender).traceContextCarrier };
  });
}

function optionsOf(tracing: Tracing): BatchConsumerOptions<Message> {
  const system = 'kafka';
  return {
    system,
    destination: 'ticks',
    carrierOf: ({ carrier }) => carrier,
    linkAttributes: ({ id }) => ({ id }),
    startProcess: ({ carrier }) => startConsumer(tracing, 'process', { system, carrier }),
  };
}

test('a batch is one receive span, a new trace with a link to every message that has a context', () => {
  const tracing = testTracing();
  const messages = send(tracing, 2);
  const spans = captureSpans(tracing);
  const result = consumeBatch(
    tracing,
    'receive ticks',
    [...messages, { id: 2, carrier: {} }],
    { ...optionsOf(tracing), attributes: { source: 'feed' } },
    () => trace.getActiveSpan(),
  );
  const [receive] = spans;
  expect(result).toBe(receive);
  expect(receive).toMatchObject({
    name: 'receive ticks',
    kind: SpanKind.CLIENT,
    ended: true,
    parentSpanContext: undefined,
    attributes: {
      [ATTR.messagingSystem]: 'kafka',
      [ATTR.messagingDestinationName]: 'ticks',
      [ATTR.messagingOperationName]: 'receive',
      [ATTR.messagingOperationType]: 'receive',
      [ATTR.messagingBatchMessageCount]: 3,
      source: 'feed',
    },
  });
  expect(receive?.attributes[ATTR.correlation]).toBeUndefined();
  expect(receive?.links.map(({ context, attributes }) => [context.traceId, attributes])).toEqual(
    messages.map(({ id, carrier }) => [
      carrier.traceparent?.slice(3, 35),
      { id, [ATTR.linkType]: 'member_of' },
    ]),
  );
});

test('a message is processed in its own context and time, with nothing of the batch', async () => {
  const tracing = testTracing();
  const messages = send(tracing, 2);
  const spans = captureSpans(tracing);
  const users: unknown[] = [];
  const open: boolean[][] = [];
  await consumeBatch(tracing, 'receive', messages, optionsOf(tracing), async (process) => {
    for (const message of messages) {
      await process(message, async ({ span }) => {
        await Promise.resolve();
        expect(trace.getActiveSpan()).toBe(span);
        users.push(propagation.getBaggage(context.active())?.getEntry(ATTR.userId)?.value);
        open.push(spans.map((each) => each.isRecording()));
      });
    }
    expect(trace.getActiveSpan()).toBe(spans[0]);
  });
  expect(users).toEqual(['u0', 'u1']);
  // The batch is open all the time, each message only while it is processed.
  expect(open).toEqual([
    [true, true],
    [true, false, true],
  ]);
  expect(spans.slice(1).map(({ parentSpanContext, links }) => [parentSpanContext, links])).toEqual(
    messages.map(({ carrier }) => [
      expect.objectContaining({ traceId: carrier.traceparent?.slice(3, 35) }),
      [],
    ]),
  );
});

test('every message is counted once, whether it was processed by itself or with the batch', () => {
  const tracing = testTracing();
  const messages = [...send(tracing, 3), { id: 3, carrier: {} }];
  consumeBatch(tracing, 'receive', messages, optionsOf(tracing), (process) => {
    for (const message of messages.slice(0, 2)) process(message, () => undefined);
  });
  expect(tracing.stats().messages).toMatchObject({
    withContext: 3,
    withoutContext: 1,
    malformed: 0,
  });
});

test('links beyond what one span keeps are on supplement spans, of a batch received or sent', () => {
  const tracing = testTracing({ limits: { linkCountMax: 128 } });
  const messages = send(tracing, 300);
  const spans = captureSpans(tracing);
  consumeBatch(tracing, 'receive', messages, optionsOf(tracing), () => undefined);
  const received = spans.splice(0);
  const contexts = messages.map(({ carrier }) => tracing.propagator.read(carrier).spanContext);
  const created = contexts.filter((spanContext) => spanContext !== undefined);
  startBatchSend(tracing, 'send', created, { system: 'kafka', context: ROOT_CONTEXT }).end();
  for (const [first, ...supplements] of [received, spans]) {
    expect(first?.links).toHaveLength(128);
    expect(supplements.map(({ links }) => links.length)).toEqual([128, 44]);
    for (const supplement of supplements) {
      expect(supplement).toMatchObject({ name: first?.name, ended: true });
      expect(supplement.attributes[ATTR.supplement]).toBe(true);
      expect(supplement.parentSpanContext?.spanId).toBe(first?.spanContext().spanId);
    }
  }
});

test('what a handler throws is recorded on the batch and thrown on', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const fail = async (): Promise<never> => {
    throw new RangeError('no commit');
  };
  await expect(
    consumeBatch(tracing, 'receive', send(tracing, 1), optionsOf(tracing), fail),
  ).rejects.toThrow('no commit');
  const receive = spans.find(({ name }) => name === 'receive');
  expect(receive?.attributes[ATTR.errorType]).toBe('RangeError');
});

test('an empty batch makes no span', () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  expect(consumeBatch(tracing, 'receive', [], optionsOf(tracing), () => 7)).toBe(7);
  expect(spans).toEqual([]);
});

test('messages created for a batch have contexts of their own, and the send links to them', () => {
  const tracing = testTracing();
  const parent = tracing.tracer.startSpan('outer', {}, ROOT_CONTEXT);
  const endpoint = { system: 'kafka', context: trace.setSpan(ROOT_CONTEXT, parent) };
  const creates = ['create a', 'create b'].map((name) => startCreate(tracing, name, endpoint));
  const created = creates.map(({ span }) => span.spanContext());
  const { span } = startBatchSend(tracing, 'send', created, endpoint);
  expect(readable(creates[0]?.span)).toMatchObject({
    kind: SpanKind.PRODUCER,
    attributes: {
      [ATTR.messagingOperationName]: 'create',
      [ATTR.messagingOperationType]: 'create',
    },
  });
  expect(readable(span)).toMatchObject({
    kind: SpanKind.CLIENT,
    parentSpanContext: { spanId: parent.spanContext().spanId },
    attributes: { [ATTR.messagingOperationType]: 'send' },
    links: created.map(({ spanId }) => ({ context: { spanId } })),
  });
});

test('disabled, the handler and the messages run just the same', () => {
  const tracing = testTracing({ enabled: false });
  const messages = [{ id: 0, carrier: {} }];
  const run = (): number =>
    consumeBatch(tracing, 'receive', messages, optionsOf(tracing), (process) =>
      process({ id: 0, carrier: {} }, () => 7),
    );
  expect(run()).toBe(7);
});
