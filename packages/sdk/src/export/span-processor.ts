import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { ExportQueue } from './export-queue.ts';
import { encodeSpans } from './span-batch.ts';

export interface BoundedSpanProcessorOptions {
  /** Spans in a batch. */
  readonly batchSpansMax: number;
  /** How long an ended span waits for its batch to fill up. */
  readonly delayMs: number;
  /**
   * How long `forceFlush` and `shutdown`, which OpenTelemetry calls without a deadline, may take.
   */
  readonly timeoutMs: number;
  /**
   * Makes batches at once, in the call that ends a span: for a thread that blocks in a synchronous
   * loop. Otherwise they are made by the event loop, one a turn, so that no message waits for the
   * encoding.
   */
  readonly isSynchronous: boolean;
}

/** Gathers ended spans into batches, by size and by time, within the bounds of the export queue. */
export class BoundedSpanProcessor implements SpanProcessor {
  readonly #queue: ExportQueue;
  readonly #options: BoundedSpanProcessorOptions;
  #spans: ReadableSpan[] = [];
  #oldestMs = 0;
  #started = 0;
  #ended = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(queue: ExportQueue, options: BoundedSpanProcessorOptions) {
    this.#queue = queue;
    this.#options = options;
    queue.addSource(() => this.#batchAll());
  }

  get started(): number {
    return this.#started;
  }

  get ended(): number {
    return this.#ended;
  }

  onStart(): void {
    this.#started += 1;
  }

  onEnd(span: ReadableSpan): void {
    this.#ended += 1;
    if (!this.#queue.reserve(1)) return;
    if (this.#spans.push(span) === 1) this.#oldestMs = performance.now();
    if (this.#options.isSynchronous) this.#batchIfDue();
    else this.#schedule();
  }

  async forceFlush(): Promise<void> {
    await this.#queue.flush(this.#options.timeoutMs);
  }

  async shutdown(): Promise<void> {
    await this.#queue.shutdown(this.#options.timeoutMs);
  }

  #batchIfDue(): void {
    const isFull = this.#spans.length >= this.#options.batchSpansMax;
    if (isFull || performance.now() - this.#oldestMs >= this.#options.delayMs) this.#batchAll();
  }

  #schedule(): void {
    if (this.#spans.length >= this.#options.batchSpansMax) {
      this.#immediate ??= setImmediate(() => {
        this.#immediate = undefined;
        this.#batchNext();
        if (this.#spans.length > 0) this.#schedule();
      }).unref();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#batchAll();
    }, this.#options.delayMs).unref();
  }

  #batchAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#spans.length > 0) this.#batchNext();
  }

  #batchNext(): void {
    const spans = this.#spans.splice(0, this.#options.batchSpansMax);
    if (spans.length === 0) return;
    const batch = encodeSpans(spans);
    if (batch) this.#queue.push(batch);
    else this.#queue.discard(spans.length);
  }
}
