import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../../testing/tracing.ts';
import { runInSpan, startedSpan } from '../../tracing/started-span.ts';
import { TracedChannel } from './carrier.ts';
import { startChannelConsumer } from './consumer.ts';
import { startChannelProducer } from './producer.ts';

test('three items of three senders, drained in one loop, each have their own context', async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<string>(tracing);
  const traceIds: string[] = [];
  const drained = tracing.tracer.startActiveSpan('loop', async () => {
    const parents: unknown[] = [];
    for await (const message of channel) {
      const consumer = startChannelConsumer(tracing, 'process', message);
      runInSpan(consumer, () => {
        expect(trace.getActiveSpan()).toBe(consumer.span);
      });
      parents.push(readable(consumer.span).parentSpanContext?.traceId);
    }
    return parents;
  });
  for (const name of ['A', 'B', 'C']) {
    const parent = tracing.tracer.startSpan(name, {}, ROOT_CONTEXT);
    traceIds.push(parent.spanContext().traceId);
    context.with(trace.setSpan(ROOT_CONTEXT, parent), () => channel.send(name));
  }
  channel.close();
  expect(await drained).toEqual(traceIds);
});

test('events come out in order, as the same objects, whether anybody waits or not', async () => {
  const channel = new TracedChannel<{ id: number }>(testTracing());
  const waiting = channel.receive();
  const events = [{ id: 0 }, { id: 1 }, { id: 2 }];
  for (const event of events) expect(channel.send(event)).toBe(true);
  expect(channel.size).toBe(2);
  expect((await waiting)?.event).toBe(events[0]);
  expect(channel.tryReceive()?.event).toBe(events[1]);
  expect((await channel.receive())?.event).toBe(events[2]);
  expect(channel.tryReceive()).toBeUndefined();
});

test('a closed channel takes nothing more, gives what it has, and lets go who waits', async () => {
  const channel = new TracedChannel<number>(testTracing());
  const waiting = [channel.receive(), channel.receive()];
  channel.send(1);
  channel.close();
  expect(channel.send(2)).toBe(false);
  expect((await waiting[0])?.event).toBe(1);
  expect(await waiting[1]).toBeUndefined();
  const other = new TracedChannel<number>(testTracing());
  other.send(1);
  other.close();
  expect((await other.receive())?.event).toBe(1);
  expect(await other.receive()).toBeUndefined();
});

test('a producer and a consumer span say which system and destination they used', () => {
  const tracing = testTracing();
  const channel = new TracedChannel<string>(tracing);
  const parent = startedSpan(tracing.tracer.startSpan('outer', {}, ROOT_CONTEXT), ROOT_CONTEXT);
  const options = { destination: 'exchange-orders' };
  const send = startChannelProducer(tracing, 'send', { ...options, context: parent.context });
  channel.send('order', send.context);
  send.end();
  const message = channel.tryReceive();
  const consumer = message && startChannelConsumer(tracing, 'process', message, options);
  expect(readable(send.span).kind).toBe(SpanKind.PRODUCER);
  expect(readable(consumer?.span)).toMatchObject({
    kind: SpanKind.CONSUMER,
    parentSpanContext: { spanId: send.span.spanContext().spanId },
    attributes: {
      [ATTR.messagingSystem]: 'channel',
      [ATTR.messagingDestinationName]: 'exchange-orders',
    },
  });
});

test('disabled, the event passes and the carrier is empty', () => {
  const channel = new TracedChannel<string>(testTracing({ enabled: false }));
  channel.send('order');
  expect(channel.tryReceive()).toEqual({ event: 'order', traceContextCarrier: {} });
});
