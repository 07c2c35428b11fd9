import { Backoff, cappedWait } from './backoff.ts';
import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import { LossLog } from './loss-log.ts';
import type { SpanBatch } from './span-batch.ts';

/** Why spans were lost, each counted in spans. */
export interface DroppedSpans {
  /** More were waiting than the queue holds, in spans or in bytes. */
  readonly queueFull: number;
  /**
   * The receiver refused the request, could not be reached for longer than batches are kept, or a
   * span could not be encoded.
   */
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
  /** What these take, encoded. */
  readonly queuedBytes: number;
  /** Taken over from other threads, in addition to the spans that ended here. */
  readonly relayed: number;
}

export interface ExportQueueOptions {
  /** Spans held at once: not yet in a batch, waiting, or under way. */
  readonly queueSpansMax: number;
  /** Encoded bytes held at once. */
  readonly queueBytesMax: number;
  /** Batches under way at once. */
  readonly inFlightMax: number;
  /** A batch that is older is not tried again. */
  readonly retryMsMax: number;
  /** Whose spans, for the log. */
  readonly subject: string;
  readonly log: (message: string) => void;
}

/** A longer timer fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

interface QueuedBatch {
  readonly batch: SpanBatch;
  /** Noted here because a batch that was transferred to another thread is empty. */
  readonly bytes: number;
  readonly queuedMs: number;
  failures: number;
  readonly settled: PromiseWithResolvers<void>;
}

/**
 * The one way out for a service's spans, bounded in spans and in bytes. Room is reserved before a
 * span is kept and given back when its batch is settled, so every span is exported, dropped for a
 * reason, or queued.
 *
 * While the receiver is away its batches stay queued, and one at a time is tried; once that gets
 * through the others follow. A batch whose answer was lost is sent again, so the receiver may get
 * its spans twice: they count once here.
 */
export class ExportQueue {
  readonly #sink: BatchSink;
  readonly #options: ExportQueueOptions;
  readonly #lossLog: LossLog;
  readonly #backoff = new Backoff();
  readonly #sources = new Set<() => void>();
  /** Nearly by age. */
  #waiting: QueuedBatch[] = [];
  readonly #inFlight = new Set<QueuedBatch>();
  #queued = 0;
  /** Reserved for spans that are not yet in a batch. */
  #openBytes = 0;
  #batchBytes = 0;
  #exported = 0;
  #relayed = 0;
  #dropped = { queueFull: 0, exportFailed: 0, rejected: 0, shutdown: 0 };
  #closed = false;
  #isAway = false;
  /** While the receiver is away: the one batch that is tried, or the wait until one is. */
  #probe: QueuedBatch | undefined;
  #wait: NodeJS.Timeout | undefined;
  #waitUntilMs = 0;

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
      queuedBytes: this.#openBytes + this.#batchBytes,
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
  reserve(spans: number, bytes: number): boolean {
    if (!this.#admit(spans, bytes)) return false;
    this.#openBytes += bytes;
    return true;
  }

  /** Queues all spans for which room was reserved since the last call, as one batch. */
  push(batch: SpanBatch): void {
    this.#openBytes = 0;
    this.#enqueue(batch);
  }

  /** Gives up spans for which no bytes were reserved, because they cannot be encoded. */
  discard(spans: number): void {
    this.#queued -= spans;
    this.#dropped.exportFailed += spans;
    this.#lossLog.lost(spans, 'a span cannot be encoded');
  }

  /** Takes over a batch that another thread made. */
  relay(batch: SpanBatch): void {
    this.#relayed += batch.spans;
    if (this.#admit(batch.spans, batch.bytes.length)) this.#enqueue(batch);
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
    // The time that is left is not spent on a wait that began when there was no hurry.
    this.#backoff.reset();
    this.#stopWaiting();
    const isFlushed = await this.flush(timeoutMs);
    this.flushSync();
    this.#closed = true;
    this.#endWait();
    for (const queued of [...this.#waiting.splice(0), ...this.#inFlight]) {
      this.#dropped.shutdown += queued.batch.spans;
      this.#lossLog.lost(queued.batch.spans, 'they were not sent before the shutdown');
      this.#release(queued);
    }
    this.#inFlight.clear();
    this.#sources.clear();
    this.#sink.close();
    return isFlushed;
  }

  #admit(spans: number, bytes: number): boolean {
    if (this.#closed) {
      this.#dropped.shutdown += spans;
      return false;
    }
    if (!this.#hasRoom(spans, bytes)) {
      this.#sink.poll();
      if (!this.#hasRoom(spans, bytes)) {
        this.#dropped.queueFull += spans;
        this.#lossLog.lost(spans, this.#fullReason());
        return false;
      }
    }
    this.#queued += spans;
    return true;
  }

  #hasRoom(spans: number, bytes: number): boolean {
    return (
      this.#queued + spans <= this.#options.queueSpansMax &&
      this.#openBytes + this.#batchBytes + bytes <= this.#options.queueBytesMax
    );
  }

  #fullReason(): string {
    const { queueSpansMax, queueBytesMax } = this.#options;
    return `the queue is full (at most ${queueSpansMax} spans, ${queueBytesMax} bytes)`;
  }

  #enqueue(batch: SpanBatch): void {
    this.#batchBytes += batch.bytes.length;
    this.#waiting.push({
      batch,
      bytes: batch.bytes.length,
      queuedMs: performance.now(),
      failures: 0,
      settled: Promise.withResolvers(),
    });
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight.size < this.#options.inFlightMax) {
      if (this.#isAway && (this.#probe || this.#wait)) return;
      const next = this.#waiting.shift();
      if (!next) return;
      if (this.#isAway) this.#probe = next;
      this.#inFlight.add(next);
      this.#sink.send(next.batch, (outcome) => this.#settle(next, outcome));
    }
  }

  #settle(queued: QueuedBatch, outcome: ExportOutcome): void {
    // After a shutdown, batches under way are already counted as dropped.
    if (!this.#inFlight.delete(queued)) return;
    const isProbe = queued === this.#probe;
    if (isProbe) this.#probe = undefined;
    if (outcome.status === 'retryable') {
      this.#tryLater(queued, outcome.reason, isProbe, outcome.afterMs);
    } else {
      // Others, sent before the receiver went away, do not show that it is back.
      if (isProbe) this.#comeBack();
      this.#finish(queued, outcome);
    }
    this.#pump();
  }

  #finish(queued: QueuedBatch, outcome: Exclude<ExportOutcome, { status: 'retryable' }>): void {
    const { spans } = queued.batch;
    this.#release(queued);
    if (outcome.status === 'failed') {
      this.#dropped.exportFailed += spans;
      this.#lossLog.lost(spans, outcome.reason);
      return;
    }
    const rejected = Math.min(outcome.rejected, spans);
    this.#exported += spans - rejected;
    this.#dropped.rejected += rejected;
    if (rejected === 0) this.#lossLog.delivered();
    else this.#lossLog.lost(rejected, `the receiver rejects them: ${outcome.message || 'unsaid'}`);
  }

  #tryLater(queued: QueuedBatch, reason: string, isProbe: boolean, askedMs?: number): void {
    // A batch that fails again and again, perhaps by its own fault, lets more and more others pass.
    this.#waiting.splice(queued.failures, 0, queued);
    queued.failures += 1;
    // The others that were under way fail for the same reason as the first: no news, but for what
    // they are asked.
    const isNews = isProbe || !this.#isAway;
    this.#isAway = true;
    this.#waitFor(isNews ? this.#backoff.next(askedMs) : cappedWait(askedMs ?? 0));
    if (isProbe) this.#lossLog.waiting(reason);
    this.#dropExpired(reason);
  }

  /** The latest wait counts, whoever asked for it. */
  #waitFor(waitMs: number): void {
    const untilMs = performance.now() + waitMs;
    if (untilMs <= this.#waitUntilMs) return;
    clearTimeout(this.#wait);
    this.#waitUntilMs = untilMs;
    this.#wait = setTimeout(() => this.#stopWaiting(), waitMs).unref();
  }

  #stopWaiting(): void {
    this.#endWait();
    this.#pump();
  }

  #endWait(): void {
    clearTimeout(this.#wait);
    this.#wait = undefined;
    this.#waitUntilMs = 0;
  }

  #comeBack(): void {
    this.#isAway = false;
    this.#backoff.reset();
    this.#endWait();
  }

  #dropExpired(reason: string): void {
    const oldestMs = performance.now() - this.#options.retryMsMax;
    const expired = this.#waiting.filter(({ queuedMs }) => queuedMs < oldestMs);
    if (expired.length === 0) return;
    this.#waiting = this.#waiting.filter(({ queuedMs }) => queuedMs >= oldestMs);
    for (const queued of expired) {
      this.#release(queued);
      this.#dropped.exportFailed += queued.batch.spans;
      this.#lossLog.lost(queued.batch.spans, reason);
    }
  }

  #release({ batch, bytes, settled }: QueuedBatch): void {
    this.#queued -= batch.spans;
    this.#batchBytes -= bytes;
    settled.resolve();
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
