import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { startOtlpReceiver, testTracing } from '../testing/tracing.ts';
import { relaySpans } from './relay.ts';

test('all spans of a thread that never returns to its event loop arrive', async () => {
  const receiver = await startOtlpReceiver(() => ({ status: 200 }));
  const main = testTracing({ relay: undefined, endpoint: receiver.url });
  const { port1, port2 } = new MessageChannel();
  relaySpans(port1, main);
  const count = 1_234;
  const done = new SharedArrayBuffer(4);
  const worker = new Worker(new URL('./test-blocked-thread.ts', import.meta.url), {
    workerData: { relay: port2, done, count },
    transferList: [port2],
  });
  const exited = once(worker, 'exit');
  const [stats] = await once(worker, 'message');
  expect(stats).toMatchObject({ ended: count, exported: count, queued: 0 });
  main.tracer.startSpan('own').end();
  expect(await main.shutdown(5_000)).toBe(true);
  expect(main.stats()).toMatchObject({ ended: 1, relayed: count, exported: count + 1, queued: 0 });
  const expected = Array.from({ length: count }, (_, index) => `span ${index}`);
  expect([...receiver.received].sort()).toEqual([...expected, 'own'].sort());
  await exited;
  await receiver.close();
});

test('what was handed over before a flush is part of it', async () => {
  const receiver = await startOtlpReceiver(() => ({ status: 200 }));
  const main = testTracing({ relay: undefined, endpoint: receiver.url });
  const { port1, port2 } = new MessageChannel();
  relaySpans(port1, main);
  const other = testTracing({ relay: port2 });
  other.tracer.startSpan('other').end();
  other.flushSync();
  expect(await main.flush(5_000)).toBe(true);
  expect(receiver.received).toEqual(['other']);
  expect(await other.flush(5_000)).toBe(true);
  expect(other.stats()).toMatchObject({ ended: 1, exported: 1, queued: 0 });
  await main.shutdown(0);
  await receiver.close();
});

test('a thread whose relay nobody reads holds no more than its bound', () => {
  const other = testTracing({ queueSpansMax: 50, batchSpansMax: 10 });
  for (let index = 0; index < 80; index += 1) other.tracer.startSpan('x').end();
  expect(other.stats()).toMatchObject({
    ended: 80,
    exported: 0,
    queued: 50,
    dropped: { queueFull: 30 },
  });
});

test('a thread whose relay is closed drops what was not taken, and counts it', async () => {
  const { port1, port2 } = new MessageChannel();
  const lines: string[] = [];
  const other = testTracing({ relay: port2, batchSpansMax: 1, log: (line) => lines.push(line) });
  other.tracer.startSpan('not taken').end();
  port1.close();
  expect(await other.flush(5_000)).toBe(true);
  other.tracer.startSpan('late').end();
  expect(other.stats()).toMatchObject({ ended: 2, queued: 0, dropped: { exportFailed: 2 } });
  expect(lines).toEqual([expect.stringContaining('the other thread is gone')]);
});

test('a tracing that is disabled takes the spans and lets them go', async () => {
  const { port1, port2 } = new MessageChannel();
  relaySpans(port1, testTracing({ enabled: false }));
  const other = testTracing({ relay: port2 });
  other.tracer.startSpan('x').end();
  expect(await other.flush(5_000)).toBe(true);
  port1.close();
});

test('the receiving side drops what it has no room for, and counts it', async () => {
  const { port1, port2 } = new MessageChannel();
  const main = testTracing({ queueSpansMax: 10 });
  relaySpans(port1, main);
  const other = testTracing({ relay: port2, batchSpansMax: 8 });
  for (let index = 0; index < 16; index += 1) other.tracer.startSpan('x').end();
  main.flushSync();
  expect(main.stats()).toMatchObject({ relayed: 16, queued: 8, dropped: { queueFull: 8 } });
});
