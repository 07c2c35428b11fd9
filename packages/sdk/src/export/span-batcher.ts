import type { AttributeRedactor } from '../privacy/attribute-redactor.ts';
import type { InstrumentationScope, RecordingSpan } from '../tracing/recording-span.ts';
import type { Resource } from '../tracing/resource.ts';
import type { ExportQueue } from './export-queue.ts';
import { ProtobufWriter, varintBytes } from './protobuf-writer.ts';
import type { SpanBatch } from './span-batch.ts';
import { SpanEncoder } from './span-encoder.ts';

export interface SpanBatcherOptions {
  readonly resource: Resource;
  readonly redactor: AttributeRedactor;
  /** Spans in a batch. */
  readonly batchSpansMax: number;
  /** How long an ended span waits for its batch to fill up. */
  readonly delayMs: number;
  /** For a thread that blocks in a synchronous loop: the time is looked at whenever a span ends. */
  readonly isSynchronous: boolean;
}

/** A batch is cut when it is this large, however few spans it has: receivers limit their requests. */
const BATCH_BYTES_MAX = 2 * 1024 * 1024;

/** ScopeSpans.spans, ScopeSpans.scope, ResourceSpans.scope_spans and .resource, and the request's only field. */
const SPANS = 0x12;
const SCOPE = 0x0a;
const SCOPE_SPANS = 0x12;
const RESOURCE = 0x0a;
const RESOURCE_SPANS = 0x0a;
const SCOPE_NAME = 0x0a;
const SCOPE_VERSION = 0x12;

/**
 * Encodes every span as it ends and cuts batches by size and by time, within the bounds of the export
 * queue.
 */
export class SpanBatcher {
  readonly #queue: ExportQueue;
  readonly #options: SpanBatcherOptions;
  readonly #writer = new ProtobufWriter();
  readonly #encoder: SpanEncoder;
  readonly #resource: Uint8Array;
  /** Of every span in the writer, in order: its tracer's scope, and where it ends. */
  #scopes: InstrumentationScope[] = [];
  #ends: number[] = [];
  #oldestMs = 0;
  #started = 0;
  #ended = 0;
  #linksDropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(queue: ExportQueue, options: SpanBatcherOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#encoder = new SpanEncoder(this.#writer, options.redactor);
    this.#resource = encodeResource(options);
    queue.addSource(() => this.#cut());
  }

  get started(): number {
    return this.#started;
  }

  get ended(): number {
    return this.#ended;
  }

  get linksDropped(): number {
    return this.#linksDropped;
  }

  readonly onStart = (): void => {
    this.#started += 1;
  };

  readonly onEnd = (span: RecordingSpan): void => {
    this.#ended += 1;
    this.#linksDropped += span.droppedLinksCount;
    const from = this.#writer.length;
    if (!this.#encode(span)) {
      this.#writer.truncate(from);
      if (this.#queue.reserve(1, 0)) this.#queue.discard(1);
      return;
    }
    if (!this.#queue.reserve(1, this.#writer.length - from)) {
      this.#writer.truncate(from);
      return;
    }
    this.#scopes.push(span.instrumentationScope);
    this.#ends.push(this.#writer.length);
    if (this.#isFull()) this.#cut();
    else if (this.#options.isSynchronous) this.#cutIfDue();
    else this.#timer ??= setTimeout(() => this.#cut(), this.#options.delayMs).unref();
  };

  /** A value may be anything, with accessors that throw: that costs its span, never the service. */
  #encode(span: RecordingSpan): boolean {
    try {
      const from = this.#writer.open(SPANS, 2);
      this.#encoder.writeSpan(span);
      this.#writer.close(from, 2);
      return true;
    } catch {
      return false;
    }
  }

  #isFull(): boolean {
    const isLong = this.#ends.length >= this.#options.batchSpansMax;
    return isLong || this.#writer.length >= BATCH_BYTES_MAX;
  }

  #cutIfDue(): void {
    const nowMs = performance.now();
    if (this.#ends.length === 1) this.#oldestMs = nowMs;
    if (nowMs - this.#oldestMs >= this.#options.delayMs) this.#cut();
  }

  #cut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spans = this.#ends.length;
    if (spans === 0) return;
    const bytes = joinRequest(this.#resource, this.#spansByScope());
    this.#scopes = [];
    this.#ends = [];
    this.#writer.truncate(0);
    this.#queue.push({ bytes, spans });
  }

  /** The encoded spans of each scope. Nearly always there is one scope, whose spans lie together. */
  #spansByScope(): Map<InstrumentationScope, Uint8Array[]> {
    const spans = new Map<InstrumentationScope, Uint8Array[]>();
    let from = 0;
    for (const [index, scope] of this.#scopes.entries()) {
      if (this.#scopes[index + 1] === scope) continue;
      const to = this.#ends[index] ?? from;
      const slices = spans.get(scope);
      if (slices) slices.push(this.#writer.slice(from, to));
      else spans.set(scope, [this.#writer.slice(from, to)]);
      from = to;
    }
    return spans;
  }
}

function encodeResource({ resource, redactor }: SpanBatcherOptions): Uint8Array {
  const writer = new ProtobufWriter();
  const from = writer.open(RESOURCE, 2);
  new SpanEncoder(writer, redactor).writeResource(resource);
  writer.close(from, 2);
  return writer.slice(0, writer.length).slice();
}

function encodeScope({ name, version }: InstrumentationScope): Uint8Array {
  const writer = new ProtobufWriter(3 * (name.length + (version?.length ?? 0)) + 32);
  const from = writer.open(SCOPE);
  writer.stringField(SCOPE_NAME, name);
  if (version) writer.stringField(SCOPE_VERSION, version);
  writer.close(from);
  return writer.slice(0, writer.length);
}

/** An `ExportTraceServiceRequest` in a buffer of its own, which may be transferred to another thread. */
function joinRequest(
  resource: Uint8Array,
  spansByScope: ReadonlyMap<InstrumentationScope, readonly Uint8Array[]>,
): SpanBatch['bytes'] {
  const scopes = [...spansByScope].map(([scope, spans]) =>
    message(SCOPE_SPANS, [encodeScope(scope), ...spans]),
  );
  const parts = message(RESOURCE_SPANS, [resource, ...scopes.flat()]);
  const bytes = new Uint8Array(sum(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The parts behind a tag and their length. */
function message(tag: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = sum(parts);
  const header = new ProtobufWriter(1 + varintBytes(length));
  header.varintField(tag, length);
  return [header.slice(0, header.length), ...parts];
}

function sum(parts: readonly Uint8Array[]): number {
  return parts.reduce((bytes, part) => bytes + part.length, 0);
}
