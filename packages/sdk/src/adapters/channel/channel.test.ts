import { getEventListeners } from 'node:events';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test, vi } from 'vitest';
import { readable, testTracing } from '../../testing/tracing.ts';
import { runInSpan, startedSpan } from '../../tracing/started-span.ts';
import { TracedChannel } from './carrier.ts';
import { consumeChannel, startChannelConsumer } from './consumer.ts';
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

/** Calls the function in three contexts, A, B and C. @returns their trace ids */
function inThreeContexts(fn: (name: string) => void): string[] {
  const { tracer } = testTracing();
  return ['A', 'B', 'C'].map((name) => {
    const parent = tracer.startSpan(name, {}, ROOT_CONTEXT);
    context.with(trace.setSpan(ROOT_CONTEXT, parent), () => fn(name));
    return parent.spanContext().traceId;
  });
}

const ambientTraceId = () => trace.getSpanContext(context.active())?.traceId;

test('a batch drained in a callback: ambient, all are of A; from the channel, each is its own', async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<string>(tracing);
  const ambient: (string | undefined)[] = [];
  const own: (string | undefined)[] = [];
  let isScheduled = false;
  const drained = Promise.withResolvers<void>();
  const traceIds = inThreeContexts((name) => {
    channel.send(name);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      for (const message of channel.drain()) {
        ambient.push(ambientTraceId());
        runInSpan(startChannelConsumer(tracing, 'process', message), () => {
          own.push(ambientTraceId());
        });
      }
      drained.resolve();
    });
  });
  await drained.promise;
  expect(ambient).toEqual([traceIds[0], traceIds[0], traceIds[0]]);
  expect(own).toEqual(traceIds);
});

test('a worker that the first item starts: ambient, all are of A; from the channel, each is its own', async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<string>(tracing);
  const ambient: (string | undefined)[] = [];
  const own: (string | undefined)[] = [];
  let worker: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (let message = channel.tryReceive(); message; message = channel.tryReceive()) {
      await new Promise(setImmediate);
      ambient.push(ambientTraceId());
      const consumer = startChannelConsumer(tracing, 'process', message);
      await runInSpan(consumer, async () => own.push(ambientTraceId()));
    }
  };
  const traceIds = inThreeContexts((name) => {
    channel.send(name);
    worker ??= work();
  });
  await worker;
  expect(ambient).toEqual([traceIds[0], traceIds[0], traceIds[0]]);
  expect(own).toEqual(traceIds);
});

test("a loop that waits: ambient, all are the loop's; from the channel, each is its own", async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<string>(tracing);
  const own: (string | undefined)[] = [];
  const loop = tracing.tracer.startSpan('loop', {}, ROOT_CONTEXT);
  const consumed = context.with(trace.setSpan(ROOT_CONTEXT, loop), () =>
    consumeChannel(tracing, 'process', channel, async () => {
      await Promise.resolve();
      own.push(ambientTraceId());
    }),
  );
  const traceIds = inThreeContexts((name) => channel.send(name));
  channel.close();
  await consumed;
  expect(own).toEqual(traceIds);
});

test('a full channel refuses a send, and takes it when there is room', async () => {
  const channel = new TracedChannel<number>(testTracing(), { capacity: 2 });
  expect([channel.send(1), channel.send(2), channel.send(3)]).toEqual([true, true, false]);
  const waiting = channel.sendWhenRoom(3);
  expect(channel.size).toBe(2);
  expect(channel.tryReceive()?.event).toBe(1);
  expect(channel.size).toBe(2);
  expect(await waiting).toBe(true);
  expect(channel.send(4)).toBe(false);
  expect([...channel.drain()].map(({ event }) => event)).toEqual([2, 3]);
  expect(await channel.sendWhenRoom(5)).toBe(true);
});

test('a send that waits for room keeps the context of its call', async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<string>(tracing, { capacity: 1 });
  const sent: Promise<boolean>[] = [];
  const traceIds = inThreeContexts((name) => sent.push(channel.sendWhenRoom(name)));
  const parents = ['A', 'B', 'C'].map(() => {
    const message = channel.tryReceive();
    const consumer = message && startChannelConsumer(tracing, 'process', message);
    return readable(consumer?.span).parentSpanContext?.traceId;
  });
  expect(parents).toEqual(traceIds);
  expect(await Promise.all(sent)).toEqual([true, true, true]);
});

test('who waits for room is told when the channel closes or the wait is over', async () => {
  const channel = new TracedChannel<number>(testTracing(), { capacity: 1 });
  channel.send(1);
  await expect(channel.sendWhenRoom(2, { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  const waiting = channel.sendWhenRoom(3);
  channel.close();
  expect(await waiting).toBe(false);
  expect(await channel.sendWhenRoom(4)).toBe(false);
  expect([...channel.drain()].map(({ event }) => event)).toEqual([1]);
});

test('a capacity that holds nothing is refused', () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) {
    expect(() => new TracedChannel(testTracing(), { capacity })).toThrow('capacity');
  }
});

test('receivers that wait are served in the order of coming; one that gives up loses nothing', async () => {
  const channel = new TracedChannel<number>(testTracing());
  const stop = new AbortController();
  const first = channel.receive();
  const second = channel.receive({ signal: stop.signal });
  const third = channel.receive({ signal: stop.signal });
  channel.send(1);
  channel.send(2);
  stop.abort(new Error('enough'));
  channel.send(3);
  expect((await first)?.event).toBe(1);
  // Its message was handed over before the abort.
  expect((await second)?.event).toBe(2);
  await expect(third).rejects.toThrow('enough');
  await expect(channel.receive({ signal: stop.signal })).rejects.toThrow('enough');
  expect(channel.tryReceive()?.event).toBe(3);
});

test('a signal that outlives many waits does not collect them', async () => {
  const channel = new TracedChannel<number>(testTracing(), { capacity: 1 });
  const { signal } = new AbortController();
  for (let index = 0; index < 10; index += 1) {
    const waiting = channel.receive({ signal });
    channel.send(index);
    await waiting;
  }
  const closed = channel.receive({ signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  channel.close();
  await closed;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a drain takes what is inside at the call, no more than asked, and leaves the rest', () => {
  const channel = new TracedChannel<number>(testTracing());
  for (const event of [1, 2, 3, 4]) channel.send(event);
  expect([...channel.drain(2)].map(({ event }) => event)).toEqual([1, 2]);
  const drained = channel.drain();
  channel.send(5);
  expect([...drained].map(({ event }) => event)).toEqual([3, 4]);
  for (const _ of channel.drain()) break;
  expect(channel.size).toBe(0);
  for (const event of [6, 7]) channel.send(event);
  for (const { event } of channel.drain()) if (event < 7) channel.send(event + 10);
  expect(channel.tryReceive()?.event).toBe(16);
});

test('an error of a handler is on its span and reported; the channel goes on', async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<number>(tracing);
  const errors: unknown[] = [];
  const spans = new Map<number, ReturnType<typeof readable>>();
  for (const event of [1, 2, 3]) channel.send(event);
  channel.close();
  await consumeChannel(
    tracing,
    'process',
    channel,
    (event, { span }) => {
      spans.set(event, readable(span));
      if (event === 1) throw new TypeError('bad order');
      return event === 2 ? Promise.reject(new RangeError('worse')) : undefined;
    },
    { onError: (error, event) => errors.push([(error as Error).message, event]) },
  );
  expect(errors).toEqual([
    ['bad order', 1],
    ['worse', 2],
  ]);
  const codes = [1, 2, 3].map((event) => spans.get(event)?.status.code);
  expect(codes).toEqual([SpanStatusCode.ERROR, SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
  expect([...spans.values()].every((span) => span.ended)).toBe(true);
});

test('an error that nobody asked for is printed', async () => {
  const print = vi.spyOn(console, 'error').mockReturnValue(undefined);
  const channel = new TracedChannel<number>(testTracing());
  channel.send(1);
  channel.close();
  const error = new Error('bad order');
  await consumeChannel(testTracing(), 'process', channel, () => {
    throw error;
  });
  expect(print).toHaveBeenCalledExactlyOnceWith('test: process:', error);
  print.mockRestore();
});

test('one message at a time, unless told otherwise', async () => {
  for (const concurrency of [undefined, 1, 3]) {
    const tracing = testTracing();
    const channel = new TracedChannel<number>(tracing);
    for (let event = 0; event < 9; event += 1) channel.send(event);
    channel.close();
    let underWay = 0;
    let most = 0;
    const handler = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
    };
    const options = concurrency === undefined ? {} : { concurrency };
    await consumeChannel(tracing, 'process', channel, handler, options);
    expect(most).toBe(concurrency ?? 1);
  }
  const channel = new TracedChannel<number>(testTracing());
  const none = consumeChannel(testTracing(), 'x', channel, () => undefined, { concurrency: 0 });
  await expect(none).rejects.toMatchObject({ code: 'TL_CONFIG_INVALID' });
});

test('a consumer that is stopped finishes what it has and leaves the rest to others', async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<number>(tracing);
  const stop = new AbortController();
  const handled: number[] = [];
  const stopped = consumeChannel(
    tracing,
    'process',
    channel,
    async (event) => {
      stop.abort();
      await new Promise(setImmediate);
      handled.push(event);
    },
    { signal: stop.signal },
  );
  channel.send(1);
  channel.send(2);
  await stopped;
  expect(handled).toEqual([1]);
  expect(channel.tryReceive()?.event).toBe(2);
});

test('two consumers of one channel take turns', async () => {
  const tracing = testTracing();
  const channel = new TracedChannel<number>(tracing);
  const turns: string[] = [];
  const consumers = ['left', 'right'].map((name) =>
    consumeChannel(tracing, name, channel, async () => {
      turns.push(name);
      await new Promise(setImmediate);
    }),
  );
  for (let event = 0; event < 6; event += 1) channel.send(event);
  channel.close();
  await Promise.all(consumers);
  expect(turns).toEqual(['left', 'right', 'left', 'right', 'left', 'right']);
});
