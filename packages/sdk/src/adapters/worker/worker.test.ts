import { once } from 'node:events';
import { BroadcastChannel, MessageChannel, type Transferable, Worker } from 'node:worker_threads';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../../testing/tracing.ts';
import { createThreadChannel, unpackMessage } from './carrier.ts';
import { consumeWorker, onTraced, startWorkerConsumer, ThreadReceiver } from './consumer.ts';
import { postTraced, ThreadSender } from './producer.ts';

function startThread(workerData: object, transferList: readonly Transferable[]): Worker {
  const url = new URL('../../testing/thread.ts', import.meta.url);
  return new Worker(url, { workerData, transferList: [...transferList] });
}

test('context crosses to another thread and back, over messages of the event loop', async () => {
  const tracing = testTracing();
  const { port1, port2 } = new MessageChannel();
  const worker = startThread({ role: 'echo', port: port2 }, [port2]);
  const exited = once(worker, 'exit');
  const heard = new Promise((resolve) => {
    onTraced<{ heard: string }>(port1, (message) => {
      const consumer = startWorkerConsumer(tracing, 'answer', message);
      resolve([message.event.heard, readable(consumer.span).parentSpanContext?.traceId]);
    });
  });
  const span = tracing.tracer.startSpan('question', {}, ROOT_CONTEXT);
  postTraced(tracing, port1, 'stop', trace.setSpan(ROOT_CONTEXT, span));
  expect(await heard).toEqual(['stop', span.spanContext().traceId]);
  await exited;
});

test('a message of a sender without tracing arrives as an event without context', async () => {
  const { port1, port2 } = new MessageChannel();
  for (const data of [
    'text',
    null,
    { event: 'x' },
    { traceContextCarrier: {} },
    { event: 'x', traceContextCarrier: null },
    7,
  ]) {
    const message = new Promise((resolve) => {
      const stop = onTraced(port2, (received) => {
        stop();
        resolve(received);
      });
    });
    port1.postMessage(data);
    expect(await message).toEqual({ event: data, traceContextCarrier: {} });
  }
  port1.close();
});

test('a thread that blocks gets every message in order, each with its context', async () => {
  const tracing = testTracing();
  const channel = createThreadChannel('main');
  const worker = startThread(
    { role: 'receiver', receiver: channel.receiver },
    channel.receiver.ports,
  );
  const reported = once(worker, 'message');
  const exited = once(worker, 'exit');
  const sender = new ThreadSender<number>(tracing, channel.senders.main);
  const sent: { event: number; parent: string }[] = [];
  for (let index = 0; index < 5_000; index += 1) {
    const span = tracing.tracer.startSpan('send', {}, ROOT_CONTEXT);
    sender.send(index, trace.setSpan(ROOT_CONTEXT, span));
    sent.push({ event: index, parent: span.spanContext().traceId });
    // Pauses of all kinds, so that the receiver sleeps, wakes and overtakes.
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (index % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  sender.close();
  expect(sender.send(1)).toBe(false);
  const [received] = await reported;
  expect(received).toEqual(sent);
  expect(sender.pending).toBe(0);
  await exited;
});

test('several senders reach one receiver: nothing is lost, and each keeps its order', async () => {
  const count = 3_000;
  const channel = createThreadChannel('left', 'right');
  const workers = [channel.senders.left, channel.senders.right].map((sender) =>
    startThread({ role: 'sender', sender, count }, [sender.port]),
  );
  await Promise.all(workers.map((worker) => once(worker, 'online')));
  const receiver = new ThreadReceiver<number>(channel.receiver);
  const expected = Array.from({ length: count }, (_, index) => index);
  const seen = [0, 0];
  let received = 0;
  while (!receiver.isClosed) {
    const message = receiver.receive(10_000);
    if (!message) break;
    received += 1;
    // Two increasing runs interleaved: a value is the next of one of the two.
    const sender = seen.findIndex((next) => expected[next] === message.event);
    expect(sender).toBeGreaterThanOrEqual(0);
    seen[sender] = (seen[sender] ?? 0) + 1;
  }
  expect(received).toBe(2 * count);
  expect(receiver.isClosed).toBe(true);
  await Promise.all(workers.map((worker) => worker.terminate()));
});

test('a receiver waits no longer than it was told, and not at all for a closed channel', () => {
  const channel = createThreadChannel('main');
  const receiver = new ThreadReceiver<string>(channel.receiver);
  const startMs = performance.now();
  expect(receiver.receive(20)).toBeUndefined();
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(19);
  expect(receiver.isClosed).toBe(false);
  const sender = new ThreadSender<string>(testTracing(), channel.senders.main);
  sender.send('last');
  expect(receiver.pending).toBe(1);
  sender.close();
  expect(receiver.isClosed).toBe(false);
  expect(receiver.receive(60_000)?.event).toBe('last');
  expect(receiver.receive(60_000)).toBeUndefined();
  expect(receiver.isClosed).toBe(true);
});

test('an event that cannot be cloned is refused and leaves the channel as it was', () => {
  const channel = createThreadChannel('main');
  const sender = new ThreadSender<unknown>(testTracing(), channel.senders.main);
  expect(() => sender.send(() => 1)).toThrow(/could not be cloned/);
  expect(sender.pending).toBe(0);
});

test('a broadcast reaches threads and listeners of both styles, each with its context', async () => {
  const tracing = testTracing();
  const name = `broadcast of ${import.meta.url}`;
  const worker = startThread({ role: 'subscriber', channel: name }, []);
  const exited = once(worker, 'exit');
  await once(worker, 'message');
  const span = tracing.tracer.startSpan('publish', {}, ROOT_CONTEXT);
  const { traceId } = span.spanContext();
  const publisher = new BroadcastChannel(name);
  const answered = new Promise((resolve) => {
    publisher.onmessage = (event) => {
      const message = unpackMessage(event.data);
      const consumer = startWorkerConsumer(tracing, 'answer', message);
      resolve([message.event, readable(consumer.span).parentSpanContext?.traceId]);
    };
  });
  const here = new BroadcastChannel(name);
  const heardHere = new Promise((resolve) => {
    const stop = consumeWorker(tracing, 'here', here, (event, started) => {
      stop();
      resolve([event, readable(started.span).parentSpanContext?.traceId]);
    });
  });
  postTraced(tracing, publisher, 'tick', trace.setSpan(ROOT_CONTEXT, span));
  expect(await heardHere).toEqual(['tick', traceId]);
  expect(await answered).toEqual([{ heard: 'tick' }, traceId]);
  await exited;
  publisher.close();
  here.close();
});

test('what is in the transfer list is moved; the event itself is not changed', async () => {
  const { port1, port2 } = new MessageChannel();
  const bytes = new Uint8Array([1, 2, 3]);
  const event = Object.freeze({ bytes });
  const received = new Promise<typeof event>((resolve) => {
    onTraced<typeof event>(port2, (message) => resolve(message.event));
  });
  postTraced(testTracing(), port1, event, ROOT_CONTEXT, [bytes.buffer]);
  expect(event.bytes).toBe(bytes);
  expect(bytes.byteLength).toBe(0);
  expect([...(await received).bytes]).toEqual([1, 2, 3]);
  port1.close();
});

test("a handler runs in its message's span; its error is recorded and thrown on", () => {
  const tracing = testTracing();
  const spans: ReturnType<typeof readable>[] = [];
  const errors: unknown[] = [];
  let listener: ((data: unknown) => void) | undefined;
  const source = {
    on: (_: 'message', given: typeof listener) => {
      listener = given;
    },
    off: () => {
      listener = undefined;
    },
  };
  const options = { destination: 'prices', attributes: { [ATTR.tradingSymbol]: 'BTCUSDT' } };
  const stop = consumeWorker(
    tracing,
    'process prices',
    source,
    (event, { span }) => {
      spans.push(readable(span));
      expect(trace.getSpan(context.active())).toBe(span);
      if (event === 'bad') throw new TypeError('bad price');
    },
    options,
  );
  listener?.('good');
  try {
    listener?.('bad');
  } catch (error) {
    errors.push(error);
  }
  stop();
  expect(listener).toBeUndefined();
  expect(errors).toEqual([new TypeError('bad price')]);
  expect(spans.map(({ status, ended }) => [status.code, ended])).toEqual([
    [SpanStatusCode.UNSET, true],
    [SpanStatusCode.ERROR, true],
  ]);
  expect(spans[0]).toMatchObject({
    kind: SpanKind.CONSUMER,
    attributes: {
      [ATTR.messagingSystem]: 'worker',
      [ATTR.messagingDestinationName]: 'prices',
      [ATTR.tradingSymbol]: 'BTCUSDT',
    },
  });
});
