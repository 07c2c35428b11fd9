import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import { ExportQueue, type ExportQueueOptions } from './export-queue.ts';
import type { SpanBatch } from './span-batch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Keeps every batch until it is told what became of it. */
class FakeSink implements BatchSink {
  readonly destination = 'fake';
  readonly pending: { batch: SpanBatch; settle: (outcome: ExportOutcome) => void }[] = [];
  onSend: () => void = () => undefined;
  onPoll: () => void = () => undefined;
  isClosed = false;

  send(batch: SpanBatch, settle: (outcome: ExportOutcome) => void): void {
    this.pending.push({ batch, settle });
    this.onSend();
  }

  poll(): void {
    this.onPoll();
  }

  close(): void {
    this.isClosed = true;
  }

  /** Settles the batch that is under way for the longest time. @returns its spans */
  settle(outcome: ExportOutcome): number | undefined {
    const next = this.pending.shift();
    next?.settle(outcome);
    return next?.batch.spans;
  }
}

const SPAN_BYTES = 10;
/** What a request holds besides its spans: not reserved, and counted from the push on. */
const REQUEST_BYTES = 3;

const batchOf = (spans: number): SpanBatch => ({
  bytes: new Uint8Array(spans * SPAN_BYTES + REQUEST_BYTES),
  spans,
});

function create(options: Partial<ExportQueueOptions> = {}) {
  const sink = new FakeSink();
  const lines: string[] = [];
  const queue = new ExportQueue(sink, {
    queueSpansMax: 100,
    queueBytesMax: 1_000_000,
    inFlightMax: 2,
    retryMsMax: 60_000,
    subject: 'test',
    log: (line) => lines.push(line),
    ...options,
  });
  return { sink, queue, lines };
}

function push(queue: ExportQueue, spans: number): boolean {
  const hasRoom = queue.reserve(spans, spans * SPAN_BYTES);
  if (hasRoom) queue.push(batchOf(spans));
  return hasRoom;
}

const EXPORTED: ExportOutcome = { status: 'exported', rejected: 0 };
const AWAY: ExportOutcome = { status: 'retryable', reason: 'ECONNREFUSED' };

/** What a receiver does with a request, and how long it takes. */
interface Answer {
  readonly outcome: ExportOutcome;
  readonly ms: number;
}

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ outcome: fc.constant(EXPORTED), ms: fc.nat(500) }),
  fc.record({
    outcome: fc.record({ status: fc.constant('exported' as const), rejected: fc.nat(60) }),
    ms: fc.nat(20),
  }),
  fc.constant({ outcome: { status: 'failed' as const, reason: 'HTTP 400' }, ms: 5 }),
  fc.constant({ outcome: AWAY, ms: 1 }),
  fc.constant({ outcome: { status: 'retryable' as const, reason: 'timed out' }, ms: 10_000 }),
  fc.record({
    outcome: fc.record({
      status: fc.constant('retryable' as const),
      reason: fc.constant('HTTP 429'),
      afterMs: fc.constantFrom(undefined, 0, 1_000, 3_600_000),
    }),
    ms: fc.nat(20),
  }),
);

const step = fc.record({
  kind: fc.constantFrom('push', 'relay', 'discard', 'wait'),
  spans: fc.integer({ min: 1, max: 40 }),
  ms: fc.nat(3_000),
});

test('whatever the receiver does, every span is exported, dropped for one reason, or queued', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.array(answer, { maxLength: 40 }),
      (steps, answers) => {
        const { sink, queue } = create({ queueBytesMax: 900 });
        const unused = [...answers];
        let offered = 0;
        let taken = 0;
        let inFlight = 0;
        sink.onSend = () => {
          inFlight += 1;
          const { outcome, ms } = unused.shift() ?? { outcome: EXPORTED, ms: 20 };
          const sent = sink.pending.pop();
          setTimeout(() => {
            inFlight -= 1;
            const spans = sent?.batch.spans ?? 0;
            if (outcome.status === 'exported') taken += spans - Math.min(outcome.rejected, spans);
            sent?.settle(outcome);
            sent?.settle(EXPORTED);
          }, ms);
        };
        const check = () => {
          const { exported, dropped, queued, queuedBytes } = queue.stats();
          const lost = Object.values(dropped).reduce((sum, spans) => sum + spans, 0);
          expect(exported + lost + queued).toBe(offered);
          expect(exported).toBe(taken);
          expect(queued).toBeLessThanOrEqual(100);
          // One batch at most was admitted before what its request adds was known.
          expect(queuedBytes).toBeLessThanOrEqual(900 + REQUEST_BYTES);
          expect(inFlight).toBeLessThanOrEqual(2);
        };
        for (const { kind, spans, ms } of steps) {
          if (kind === 'wait') vi.advanceTimersByTime(ms);
          else offered += spans;
          if (kind === 'push') push(queue, spans);
          else if (kind === 'relay') queue.relay(batchOf(spans));
          else if (kind === 'discard' && queue.reserve(spans, 0)) queue.discard(spans);
          check();
        }
        vi.advanceTimersByTime(3_600_000);
        check();
        expect(queue.stats()).toMatchObject({ queued: 0, queuedBytes: 0 });
      },
    ),
  );
});

test('each loss is counted under its reason, and a burst of them is one line', async () => {
  const { sink, queue, lines } = create({ inFlightMax: 1 });
  push(queue, 60);
  expect(push(queue, 41)).toBe(false);
  expect(push(queue, 40)).toBe(true);
  sink.settle({ status: 'exported', rejected: 10 });
  sink.settle({ status: 'failed', reason: 'HTTP 400' });
  push(queue, 5);
  const isShutDown = queue.shutdown(1);
  vi.advanceTimersByTime(1);
  expect(await isShutDown).toBe(false);
  expect(push(queue, 7)).toBe(false);
  expect(queue.stats()).toEqual({
    exported: 50,
    dropped: { queueFull: 41, exportFailed: 40, rejected: 10, shutdown: 12 },
    queued: 0,
    queuedBytes: 0,
    relayed: 0,
  });
  expect(lines).toHaveLength(1);
  expect(sink.isClosed).toBe(true);
});

test('the bytes are bounded as well, whether in a batch yet or not', () => {
  const { sink, queue } = create({ queueBytesMax: 100 });
  expect(queue.reserve(1, 60)).toBe(true);
  expect(queue.reserve(1, 41)).toBe(false);
  expect(queue.reserve(1, 40)).toBe(true);
  queue.push({ bytes: new Uint8Array(90), spans: 2 });
  expect(queue.stats()).toMatchObject({ queued: 2, queuedBytes: 90, dropped: { queueFull: 1 } });
  expect(queue.reserve(1, 10)).toBe(true);
  queue.relay({ bytes: new Uint8Array(1), spans: 1 });
  expect(queue.stats()).toMatchObject({ queued: 3, queuedBytes: 100, dropped: { queueFull: 2 } });
  sink.settle(EXPORTED);
  expect(queue.stats()).toMatchObject({ queued: 1, queuedBytes: 10 });
});

test('before a span is dropped, the sink is asked for what it has settled', () => {
  const { sink, queue } = create();
  push(queue, 100);
  sink.onPoll = () => sink.settle(EXPORTED);
  expect(push(queue, 1)).toBe(true);
  expect(queue.stats()).toMatchObject({ exported: 100, queued: 1 });
});

test('a receiver that is away is asked by one batch at a time, less and less often', () => {
  const { sink, queue } = create({ inFlightMax: 4 });
  for (let index = 0; index < 10; index += 1) push(queue, 1);
  expect(sink.pending).toHaveLength(4);
  for (let index = 0; index < 4; index += 1) sink.settle(AWAY);
  expect(sink.pending).toHaveLength(0);
  const probesMs: number[] = [];
  const fromMs = performance.now();
  sink.onSend = () => {
    probesMs.push(performance.now() - fromMs);
    expect(sink.pending).toHaveLength(1);
    setTimeout(() => sink.settle(AWAY), 1);
  };
  vi.advanceTimersByTime(55_000);
  expect(probesMs[0]).toBeGreaterThanOrEqual(100);
  expect(probesMs[0]).toBeLessThanOrEqual(200);
  // At least every five seconds; after 200, 400, 800, 1,600, 3,200 ms at most every 2.5 seconds.
  expect(probesMs.length).toBeGreaterThanOrEqual(11);
  expect(probesMs.length).toBeLessThanOrEqual(5 + 55_000 / 2_500);
  expect(queue.stats()).toMatchObject({ queued: 10, dropped: { exportFailed: 0 } });
  sink.onSend = () => undefined;
  vi.advanceTimersByTime(5_000);
  sink.settle(EXPORTED);
  expect(sink.pending).toHaveLength(4);
});

test('what is tried again goes first, and nothing is sent twice', () => {
  const { sink, queue } = create({ inFlightMax: 1 });
  for (let spans = 1; spans <= 4; spans += 1) push(queue, spans);
  sink.settle(AWAY);
  vi.advanceTimersByTime(200);
  const sent: unknown[] = [];
  while (sink.pending.length > 0) sent.push(sink.settle(EXPORTED));
  expect(sent).toEqual([1, 2, 3, 4]);
});

test('a batch that brings the receiver down each time does not keep the others from it', () => {
  const { sink, queue } = create({ inFlightMax: 1, queueSpansMax: 1_000 });
  push(queue, 13);
  for (let index = 0; index < 100; index += 1) push(queue, 1);
  sink.onSend = () => {
    setTimeout(() => sink.settle(sink.pending[0]?.batch.spans === 13 ? AWAY : EXPORTED), 1);
  };
  setTimeout(() => sink.settle(AWAY), 1);
  vi.advanceTimersByTime(20_000);
  expect(queue.stats()).toMatchObject({ exported: 100, queued: 13 });
  vi.advanceTimersByTime(60_000);
  expect(queue.stats()).toMatchObject({ queued: 0, dropped: { exportFailed: 13 } });
});

test('a receiver that asks for time gets it, though others get through meanwhile', () => {
  const { sink, queue } = create();
  for (let index = 0; index < 5; index += 1) push(queue, 1);
  sink.settle({ status: 'retryable', reason: 'HTTP 429', afterMs: 20_000 });
  sink.settle(EXPORTED);
  push(queue, 1);
  vi.advanceTimersByTime(19_999);
  expect(sink.pending).toHaveLength(0);
  vi.advanceTimersByTime(101);
  expect(sink.pending).toHaveLength(1);
  sink.settle({ status: 'retryable', reason: 'HTTP 429', afterMs: 3_600_000 });
  vi.advanceTimersByTime(60_500);
  expect(sink.pending).toHaveLength(1);
});

test('the longest wait that is asked for counts', () => {
  const { sink, queue } = create();
  push(queue, 1);
  push(queue, 2);
  sink.settle(AWAY);
  sink.settle({ status: 'retryable', reason: 'HTTP 503', afterMs: 10_000 });
  vi.advanceTimersByTime(9_999);
  expect(sink.pending).toHaveLength(0);
  vi.advanceTimersByTime(1);
  expect(sink.pending).toHaveLength(1);
});

test('a batch that is too old is dropped, with the last reason', () => {
  const { sink, queue, lines } = create({ retryMsMax: 10_000 });
  push(queue, 5);
  sink.onSend = () => setTimeout(() => sink.settle(AWAY), 1);
  sink.settle(AWAY);
  vi.advanceTimersByTime(6_000);
  push(queue, 7);
  vi.advanceTimersByTime(9_000);
  expect(queue.stats()).toMatchObject({ queued: 7, dropped: { exportFailed: 5 } });
  expect(lines).toEqual([
    'tracing: test to fake: spans wait to be sent: ECONNREFUSED',
    'tracing: test to fake: spans are being lost: ECONNREFUSED',
  ]);
});

test('one failure, such as a connection that was closed while idle, is not worth a line', () => {
  const { sink, queue, lines } = create();
  push(queue, 5);
  sink.settle({ status: 'retryable', reason: 'ECONNRESET' });
  vi.advanceTimersByTime(200);
  sink.settle(EXPORTED);
  expect(queue.stats()).toMatchObject({ exported: 5, queued: 0 });
  expect(lines).toEqual([]);
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
  sink.settle(EXPORTED);
  expect(await flushed).toBe(true);
  expect(queue.stats()).toMatchObject({ exported: 5, queued: 1 });
});

test('a flush without a deadline waits', async () => {
  const { sink, queue } = create();
  push(queue, 5);
  setTimeout(() => sink.settle(EXPORTED), 20);
  const flushed = queue.flush(Number.POSITIVE_INFINITY);
  vi.advanceTimersByTime(20);
  expect(await flushed).toBe(true);
});

test('a flush that is not done at its deadline says so and drops nothing', async () => {
  const { queue } = create();
  push(queue, 5);
  const flushed = queue.flush(1);
  vi.advanceTimersByTime(1);
  expect(await flushed).toBe(false);
  expect(queue.stats().queued).toBe(5);
});

test('a shutdown does not sit out a wait that began before it', async () => {
  const { sink, queue } = create();
  push(queue, 5);
  sink.settle({ status: 'retryable', reason: 'HTTP 503', afterMs: 50_000 });
  const isShutDown = queue.shutdown(1_000);
  expect(sink.settle(EXPORTED)).toBe(5);
  expect(await isShutDown).toBe(true);
  expect(queue.stats()).toMatchObject({ exported: 5, queued: 0, dropped: { shutdown: 0 } });
  expect(vi.getTimerCount()).toBe(0);
});

test('after a shutdown late answers change nothing and no timer is left', async () => {
  const { sink, queue } = create({ inFlightMax: 1 });
  push(queue, 5);
  push(queue, 6);
  const isShutDown = queue.shutdown(300);
  sink.settle(AWAY);
  vi.advanceTimersByTime(250);
  sink.settle(AWAY);
  vi.advanceTimersByTime(50);
  expect(await isShutDown).toBe(false);
  sink.settle(AWAY);
  sink.settle(EXPORTED);
  expect(queue.stats()).toMatchObject({ exported: 0, queued: 0, dropped: { shutdown: 11 } });
  expect(vi.getTimerCount()).toBe(0);
});
