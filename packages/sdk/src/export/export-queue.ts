import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import { LossLog } from './loss-log.ts';
import type { SpanBatch } from './span-batch.ts';

/** Why spans were lost, each counted in spans. */
export interface DroppedSpans {
  /** More were waiting than the queue holds. */
  readonly queueFull: number;
  /** The receiver could not be reached, refused the request, or a span could not be encoded. */
  readonly exportFailed: number;
  /** The receiver took the request and rejected these (OTLP partial success). */
  readonly rejected: number;
  /** Still waiting, or not yet answered, when the shutdown's deadline came. */
  readonly shutdown: number;
}

export interface ExportStats {
  readonly exported: number;
  readonly dropped: DroppedSpans;
  /** Waiting or under way. */
  readonly queued: number;
  /** Taken over from other threads, in addition to the spans that ended here. */
  readonly relayed: number;
}

export interface ExportQueueOptions {
  /** Spans held at once: not yet encoded, waiting, or under way. */
  readonly queueSpansMax: number;
  /** Batches under way at once. */
  readonly inFlightMax: number;
  /** Whose spans, for the log. */
  readonly subject: string;
  readonly log: (message: string) => void;
}

/** A longer timer fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

interface QueuedBatch {
  readonly batch: SpanBatch;
  readonly settled: PromiseWithResolvers<void>;
}

/**
 * The one way out for a service's spans, bounded in spans. Room is reserved before a span is kept
 * and given back when its batch is settled, so every span is exported, dropped for a reason, or
 * queued.
 */
export class ExportQueue {
  readonly #sink: BatchSink;
  readonly #options: ExportQueueOptions;
  readonly #lossLog: LossLog;
  readonly #sources = new Set<() => void>();
  readonly #waiting: QueuedBatch[] = [];
  readonly #inFlight = new Set<QueuedBatch>();
  #queued = 0;
  #exported = 0;
  #relayed = 0;
  #dropped = { queueFull: 0, exportFailed: 0, rejected: 0, shutdown: 0 };
  #closed = false;

  constructor(sink: BatchSink, options: ExportQueueOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#lossLog = new LossLog(`${options.subject} to ${sink.destination}`, options.log);
  }

  stats(): ExportStats {
    return {
      exported: this.#exported,
      dropped: { ...this.#dropped },
      queued: this.#queued,
      relayed: this.#relayed,
    };
  }

  /** A source hands over what it holds back whenever the queue is flushed. */
  addSource(handOver: () => void): void {
    this.#sources.add(handOver);
  }

  removeSource(handOver: () => void): void {
    this.#sources.delete(handOver);
  }

  /**
   * Makes room for spans that will be pushed. @returns `false` when they are dropped (and counted)
   */
  reserve(spans: number): boolean {
    if (this.#closed) {
      this.#dropped.shutdown += spans;
      return false;
    }
    if (this.#queued + spans > this.#options.queueSpansMax) this.#sink.poll();
    if (this.#queued + spans > this.#options.queueSpansMax) {
      this.#dropped.queueFull += spans;
      this.#lossLog.lost(spans, `the queue of ${this.#options.queueSpansMax} spans is full`);
      return false;
    }
    this.#queued += spans;
    return true;
  }

  /** Queues a batch whose room was reserved. */
  push(batch: SpanBatch): void {
    this.#waiting.push({ batch, settled: Promise.withResolvers() });
    this.#pump();
  }

  /** Gives up spans whose room was reserved, because they cannot be encoded. */
  discard(spans: number): void {
    this.#queued -= spans;
    this.#dropped.exportFailed += spans;
    this.#lossLog.lost(spans, 'a span cannot be encoded');
  }

  /** Takes over a batch that another thread made. */
  relay(batch: SpanBatch): void {
    this.#relayed += batch.spans;
    if (this.reserve(batch.spans)) this.push(batch);
  }

  /** Hands over what the sources hold and settles what needs no event loop. */
  flushSync(): void {
    for (const handOver of this.#sources) handOver();
    this.#sink.poll();
  }

  /** @returns whether everything that was held at the call is settled, exported or not */
  async flush(timeoutMs: number): Promise<boolean> {
    this.flushSync();
    const pending = [...this.#waiting, ...this.#inFlight].map(({ settled }) => settled.promise);
    return settledWithin(Promise.all(pending), timeoutMs);
  }

  /** Flushes until the deadline, then drops the rest. Spans that come later are dropped. */
  async shutdown(timeoutMs: number): Promise<boolean> {
    const isFlushed = await this.flush(timeoutMs);
    this.flushSync();
    this.#closed = true;
    for (const queued of [...this.#waiting.splice(0), ...this.#inFlight]) {
      this.#inFlight.delete(queued);
      this.#queued -= queued.batch.spans;
      this.#dropped.shutdown += queued.batch.spans;
      this.#lossLog.lost(queued.batch.spans, 'they were not sent before the shutdown');
      queued.settled.resolve();
    }
    this.#sources.clear();
    this.#sink.close();
    return isFlushed;
  }

  #pump(): void {
    while (this.#inFlight.size < this.#options.inFlightMax) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#inFlight.add(next);
      this.#sink.send(next.batch, (outcome) => this.#settle(next, outcome));
    }
  }

  #settle(queued: QueuedBatch, outcome: ExportOutcome): void {
    // After a shutdown, batches under way are already counted as dropped.
    if (!this.#inFlight.delete(queued)) return;
    const { spans } = queued.batch;
    this.#queued -= spans;
    if (outcome.status === 'failed') {
      this.#dropped.exportFailed += spans;
      this.#lossLog.lost(spans, outcome.reason);
    } else {
      const rejected = Math.min(outcome.rejected, spans);
      this.#exported += spans - rejected;
      this.#dropped.rejected += rejected;
      if (rejected > 0) this.#lossLog.lost(rejected, 'the receiver rejects them');
      else this.#lossLog.delivered();
    }
    queued.settled.resolve();
    this.#pump();
  }
}

/**
 * The timer keeps the process alive until the deadline: who waits for a flush wants it to happen.
 */
function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(timeoutMs, TIMER_MS_MAX), false);
    work.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
