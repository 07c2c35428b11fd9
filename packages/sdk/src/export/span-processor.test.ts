import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, test, vi } from 'vitest';
import { readable, spanNames, testTracing } from '../testing/tracing.ts';
import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import { ExportQueue } from './export-queue.ts';
import type { SpanBatch } from './span-batch.ts';
import { BoundedSpanProcessor, type BoundedSpanProcessorOptions } from './span-processor.ts';

function create(options: Partial<BoundedSpanProcessorOptions> = {}, queueSpansMax = 1_000) {
  const batches: string[][] = [];
  const settles: ((outcome: ExportOutcome) => void)[] = [];
  const sink: BatchSink = {
    destination: 'test',
    send(batch: SpanBatch, settle) {
      expect(spanNames(batch.bytes)).toHaveLength(batch.spans);
      batches.push(spanNames(batch.bytes));
      settles.push(settle);
    },
    poll: () => undefined,
    close: () => undefined,
  };
  const queue = new ExportQueue(sink, {
    queueSpansMax,
    inFlightMax: 100,
    subject: 'test',
    log: () => undefined,
  });
  const processor = new BoundedSpanProcessor(queue, {
    batchSpansMax: 3,
    delayMs: 60_000,
    timeoutMs: 1_000,
    isSynchronous: false,
    ...options,
  });
  return { batches, settles, queue, processor };
}

const { tracer } = testTracing();
const spans = (...names: string[]): ReadableSpan[] =>
  names.map((name) => readable(tracer.startSpan(name)));

test('the event loop makes the batches, not the call that ends a span', async () => {
  const { batches, processor } = create();
  for (const span of spans('a', 'b', 'c', 'd', 'e', 'f', 'g')) processor.onEnd(span);
  expect(batches).toEqual([]);
  await vi.waitFor(() =>
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ]),
  );
});

test('a batch that does not fill up goes after the delay', async () => {
  const { batches, processor } = create({ delayMs: 5 });
  for (const span of spans('a', 'b')) processor.onEnd(span);
  await vi.waitFor(() => expect(batches).toEqual([['a', 'b']]));
});

test('synchronous, a full or old batch goes in the call that ends a span', () => {
  const full = create({ isSynchronous: true });
  for (const span of spans('a', 'b', 'c', 'd')) full.processor.onEnd(span);
  expect(full.batches).toEqual([['a', 'b', 'c']]);
  full.queue.flushSync();
  expect(full.batches).toEqual([['a', 'b', 'c'], ['d']]);
  const old = create({ isSynchronous: true, delayMs: 0 });
  for (const span of spans('a', 'b')) old.processor.onEnd(span);
  expect(old.batches).toEqual([['a'], ['b']]);
});

test('spans that have no room are dropped before they are kept', () => {
  const { queue, processor } = create({}, 2);
  for (const span of spans('a', 'b', 'c')) processor.onEnd(span);
  expect(processor.ended).toBe(3);
  expect(queue.stats()).toMatchObject({ queued: 2, dropped: { queueFull: 1 } });
});

test('a span that cannot be encoded is dropped and counted, and hurts nobody', () => {
  const { queue, processor } = create({ isSynchronous: true, batchSpansMax: 1 });
  const [broken] = spans('broken');
  processor.onEnd({ ...(broken as ReadableSpan), resource: undefined as never });
  expect(queue.stats()).toMatchObject({ queued: 0, dropped: { exportFailed: 1 } });
});

test('OpenTelemetry can flush and shut it down', async () => {
  const { batches, settles, queue, processor } = create();
  for (const span of spans('a', 'b')) processor.onEnd(span);
  const flushed = processor.forceFlush();
  settles[0]?.({ status: 'exported', rejected: 0 });
  await flushed;
  expect(batches).toEqual([['a', 'b']]);
  await processor.shutdown();
  for (const span of spans('c')) processor.onEnd(span);
  expect(queue.stats()).toMatchObject({ exported: 2, dropped: { shutdown: 1 }, queued: 0 });
});
