import { once } from 'node:events';
import { MessageChannel, type Transferable, Worker } from 'node:worker_threads';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../../testing/tracing.ts';
import { createThreadChannel } from './carrier.ts';
import { onTraced, startWorkerConsumer, ThreadReceiver } from './consumer.ts';
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
  for (const data of ['text', null, { event: 'x' }, { traceContextCarrier: {} }, 7]) {
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
