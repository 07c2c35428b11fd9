/** The other threads of worker.test.ts: what they do is named by `workerData.role`. */
import { BroadcastChannel, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { ThreadReceiverEnd, ThreadSenderEnd } from '../adapters/worker/carrier.ts';
import {
  consumeWorker,
  onTraced,
  startWorkerConsumer,
  ThreadReceiver,
} from '../adapters/worker/consumer.ts';
import { postTraced, ThreadSender } from '../adapters/worker/producer.ts';
import { readable, testTracing } from './tracing.ts';

interface Roles {
  /** Blocks until the channel closes, then reports what came, in order. */
  receiver: { receiver: ThreadReceiverEnd };
  /** Sends numbers, each in a span of its own, then closes. */
  sender: { sender: ThreadSenderEnd; count: number };
  /** Answers every message with the trace id that its consumer span has. */
  echo: { port: MessagePort };
  /** Hears one broadcast and answers into the same channel. */
  subscriber: { channel: string };
}

type Work = { [Role in keyof Roles]: { role: Role } & Roles[Role] }[keyof Roles];

const work: Work = workerData;
const tracing = testTracing();

if (work.role === 'receiver') {
  const receiver = new ThreadReceiver<unknown>(work.receiver);
  const received: { event: unknown; parent: string | undefined }[] = [];
  while (!receiver.isClosed) {
    const message = receiver.receive(60_000);
    if (!message) continue;
    const consumer = startWorkerConsumer(tracing, 'process', message);
    received.push({
      event: message.event,
      parent: readable(consumer.span).parentSpanContext?.traceId,
    });
    consumer.end();
  }
  parentPort?.postMessage(received);
} else if (work.role === 'sender') {
  const sender = new ThreadSender<number>(tracing, work.sender);
  for (let index = 0; index < work.count; index += 1) sender.send(index);
  sender.close();
} else if (work.role === 'subscriber') {
  const channel = new BroadcastChannel(work.channel);
  const stop = consumeWorker<string>(tracing, 'subscribe', channel, (event) => {
    stop();
    postTraced(tracing, channel, { heard: event });
    channel.close();
  });
  parentPort?.postMessage('listening');
} else {
  const { port } = work;
  const stop = onTraced<string>(port, (message) => {
    const consumer = startWorkerConsumer(tracing, 'echo', message);
    postTraced(tracing, port, { heard: message.event }, consumer.context);
    consumer.end();
    if (message.event === 'stop') {
      stop();
      port.close();
    }
  });
}
