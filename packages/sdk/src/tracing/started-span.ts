import {
  type Context,
  context,
  type Exception,
  type HrTime,
  INVALID_SPAN_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import { LeftOutSpan } from './left-out-span.ts';

/** A span under way, with the context that its children and messages belong to. */
export interface StartedSpan {
  readonly span: Span;
  /** Holds the span and its baggage. Pass it on explicitly: ambient context is lost in queues. */
  readonly context: Context;
  /** Ends the span, with those that came with it. An error is recorded with its stack. */
  end(outcome?: SpanOutcome): void;
}

export interface SpanOutcome {
  /** What was thrown. Present and `undefined` counts as an error too: anything can be thrown. */
  readonly error?: unknown;
  /** When it ended, if not now. */
  readonly endTime?: HrTime;
}

class SpanWithContext implements StartedSpan {
  readonly span: Span;
  readonly context: Context;
  readonly #supplements: readonly Span[];

  constructor(span: Span, context: Context, supplements: readonly Span[]) {
    this.span = span;
    this.context = context;
    this.#supplements = supplements;
  }

  /** Nothing comes of its end. */
  get isLeftOut(): boolean {
    return this.span instanceof LeftOutSpan || this.span === NO_SPAN;
  }

  /** Bound: a handler may take it out of the object, and nothing of ours throws. */
  readonly end = (outcome: SpanOutcome = {}): void => {
    if ('error' in outcome) recordError(this.span, outcome.error);
    for (const supplement of this.#supplements) supplement.end(outcome.endTime);
    this.span.end(outcome.endTime);
  };
}

const NO_SUPPLEMENTS: readonly Span[] = [];
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** @param supplements spans that start and end with this one */
export function startedSpan(
  span: Span,
  parent: Context,
  supplements: readonly Span[] = NO_SUPPLEMENTS,
): StartedSpan {
  return new SpanWithContext(span, trace.setSpan(parent, span), supplements);
}

/** What a disabled tracing starts: nothing, in the context as it was. */
export function noSpan(context: Context): StartedSpan {
  return new SpanWithContext(NO_SPAN, context, NO_SUPPLEMENTS);
}

/**
 * Runs the function with the span's context active and ends the span when it returns, throws, or
 * its promise settles. What was thrown is recorded and thrown on unchanged.
 */
export function runInSpan<T>(started: StartedSpan, fn: (started: StartedSpan) => T): T {
  if (started instanceof SpanWithContext && started.isLeftOut) {
    return context.with(started.context, fn, undefined, started);
  }
  return endAfter(started, () => context.with(started.context, fn, undefined, started));
}

/** As {@link runInSpan}, for what starts no spans: the active context stays. */
export function endAfter<T>(started: StartedSpan, fn: () => T): T {
  let result: T;
  try {
    result = fn();
  } catch (error) {
    started.end({ error });
    throw error;
  }
  if (!isPromiseLike(result)) {
    started.end();
    return result;
  }
  return result.then(
    (value) => {
      started.end();
      return value;
    },
    (error: unknown) => {
      started.end({ error });
      throw error;
    },
  ) as T;
}

/** Records what was thrown as an exception event and sets the span's status and `error.type`. */
export function recordError(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  const exception = toException(error);
  span.recordException(exception);
  span.setAttribute(ATTR.errorType, errorType(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(exception) });
}

function toException(error: unknown): Exception {
  return error instanceof Error ? error : safeText(error);
}

function messageOf(exception: Exception): string {
  return typeof exception === 'string' ? exception : (exception.message ?? '');
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : error.name;
}

/** Anything can be thrown, even an object whose `toString` throws. */
function safeText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
