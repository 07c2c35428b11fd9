import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import { ExportQueue, type ExportQueueOptions } from './export-queue.ts';
import type { SpanBatch } from './span-batch.ts';

/** Keeps every batch until it is told what became of it. */
class FakeSink implements BatchSink {
  readonly destination = 'fake';
  readonly pending: { batch: SpanBatch; settle: (outcome: ExportOutcome) => void }[] = [];
  onPoll: () => void = () => undefined;
  isClosed = false;

  send(batch: SpanBatch, settle: (outcome: ExportOutcome) => void): void {
    this.pending.push({ batch, settle });
  }

  poll(): void {
    this.onPoll();
  }

  close(): void {
    this.isClosed = true;
  }
}

const batchOf = (spans: number): SpanBatch => ({ bytes: new Uint8Array(1), spans });

function create(options: Partial<ExportQueueOptions> = {}) {
  const sink = new FakeSink();
  const lines: string[] = [];
  const queue = new ExportQueue(sink, {
    queueSpansMax: 100,
    inFlightMax: 2,
    subject: 'test',
    log: (line) => lines.push(line),
    ...options,
  });
  return { sink, queue, lines };
}

function push(queue: ExportQueue, spans: number): boolean {
  const hasRoom = queue.reserve(spans);
  if (hasRoom) queue.push(batchOf(spans));
  return hasRoom;
}

const EXPORTED: ExportOutcome = { status: 'exported', rejected: 0 };

type Step =
  | { readonly kind: 'push' | 'relay' | 'discard'; readonly spans: number }
  | { readonly kind: 'settle'; readonly index: number; readonly outcome: ExportOutcome };

const outcome: fc.Arbitrary<ExportOutcome> = fc.oneof(
  fc.record({ status: fc.constant('exported' as const), rejected: fc.nat(60) }),
  fc.record({ status: fc.constant('failed' as const), reason: fc.constant('down') }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('push' as const, 'relay' as const, 'discard' as const),
    spans: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({ kind: fc.constant('settle' as const), index: fc.nat(), outcome }),
);

test('whatever happens, every span is exported, dropped for one reason, or queued', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const { sink, queue } = create();
      let offered = 0;
      let delivered = 0;
      const check = () => {
        const { exported, dropped, queued } = queue.stats();
        const lost = Object.values(dropped).reduce((sum, spans) => sum + spans, 0);
        expect(exported + lost + queued).toBe(offered);
        expect(exported).toBe(delivered);
        expect(queued).toBeLessThanOrEqual(100);
        expect(sink.pending.length).toBeLessThanOrEqual(2);
      };
      for (const next of steps) {
        if (next.kind === 'settle') {
          const at = sink.pending.length === 0 ? 0 : next.index % sink.pending.length;
          const [settled] = sink.pending.splice(at, 1);
          if (!settled) continue;
          const { spans } = settled.batch;
          if (next.outcome.status === 'exported') {
            delivered += spans - Math.min(next.outcome.rejected, spans);
          }
          settled.settle(next.outcome);
          settled.settle(EXPORTED);
        } else {
          offered += next.spans;
          if (next.kind === 'push') push(queue, next.spans);
          else if (next.kind === 'relay') queue.relay(batchOf(next.spans));
          else if (queue.reserve(next.spans)) queue.discard(next.spans);
        }
        check();
      }
      await queue.shutdown(0);
      for (const { settle } of sink.pending) settle(EXPORTED);
      offered += 3;
      push(queue, 3);
      check();
      expect(queue.stats().queued).toBe(0);
    }),
  );
});

test('each loss is counted under its reason, and a burst of them is one line', async () => {
  const { sink, queue, lines } = create({ inFlightMax: 1 });
  push(queue, 60);
  expect(push(queue, 41)).toBe(false);
  expect(push(queue, 40)).toBe(true);
  sink.pending[0]?.settle({ status: 'exported', rejected: 10 });
  sink.pending[1]?.settle({ status: 'failed', reason: 'ECONNREFUSED' });
  push(queue, 5);
  await queue.shutdown(0);
  expect(push(queue, 7)).toBe(false);
  expect(queue.stats()).toEqual({
    exported: 50,
    dropped: { queueFull: 41, exportFailed: 40, rejected: 10, shutdown: 12 },
    queued: 0,
    relayed: 0,
  });
  expect(lines).toHaveLength(1);
  expect(sink.isClosed).toBe(true);
});

test('before a span is dropped, the sink is asked for what it has settled', () => {
  const { sink, queue } = create();
  push(queue, 100);
  sink.onPoll = () => sink.pending.shift()?.settle(EXPORTED);
  expect(push(queue, 1)).toBe(true);
  expect(queue.stats()).toMatchObject({ exported: 100, queued: 1 });
});

test('a flush hands over what the sources hold and waits for what is under way', async () => {
  const { sink, queue } = create();
  const source = () => {
    queue.removeSource(source);
    push(queue, 5);
  };
  queue.addSource(source);
  const flushed = queue.flush(60_000);
  expect(sink.pending).toHaveLength(1);
  push(queue, 1);
  sink.pending[0]?.settle(EXPORTED);
  expect(await flushed).toBe(true);
  expect(queue.stats()).toMatchObject({ exported: 5, queued: 1 });
});

test('a flush without a deadline waits', async () => {
  const { sink, queue } = create();
  push(queue, 5);
  setTimeout(() => sink.pending[0]?.settle(EXPORTED), 20);
  expect(await queue.flush(Number.POSITIVE_INFINITY)).toBe(true);
});

test('a flush that is not done at its deadline says so and drops nothing', async () => {
  const { queue } = create();
  push(queue, 5);
  expect(await queue.flush(1)).toBe(false);
  expect(queue.stats().queued).toBe(5);
});
