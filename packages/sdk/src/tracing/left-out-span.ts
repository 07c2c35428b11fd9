import type { Span, SpanContext, TraceState } from '@opentelemetry/api';
import { CheckedSpanContext, RANDOM_FLAG } from '../propagation/trace-parent.ts';
import { ids } from './random-id-generator.ts';

/** What the spans of a trace share, and their flags. */
export interface SpanTrace {
  readonly traceId: string;
  readonly traceFlags: number;
  readonly traceState?: TraceState | undefined;
}

/**
 * A span that is not sampled, so not recorded. It has an id of its own, as every span (OpenTelemetry,
 * Trace SDK, Sampling), from when somebody first asks for it: of most nobody does.
 */
export class LeftOutSpan implements Span, SpanTrace {
  readonly traceId: string;
  /** Without the sampled flag. */
  readonly traceFlags: number;
  readonly traceState: TraceState | undefined;
  #spanContext: SpanContext | undefined;

  constructor({ traceId, traceFlags, traceState }: SpanTrace) {
    this.traceId = traceId;
    this.traceFlags = traceFlags & RANDOM_FLAG;
    this.traceState = traceState;
  }

  spanContext(): SpanContext {
    this.#spanContext ??= new CheckedSpanContext(
      this.traceId,
      ids.generateSpanId(),
      this.traceFlags,
      this.traceState,
    );
    return this.#spanContext;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}
