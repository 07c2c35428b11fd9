import { type Attributes, context, type SpanKind } from '@opentelemetry/api';
import { redactedText } from '../privacy/redaction.ts';
import { runInSpan, startedSpan } from './started-span.ts';
import type { Tracing } from './tracing.ts';

const ARGUMENT_CHARS_MAX = 256;

export interface TracedOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /**
   * Attribute names for the first arguments, in order: each call records those arguments, redacted
   * and capped at 256 characters.
   */
  readonly argumentAttributes?: readonly string[];
}

/**
 * Wraps a function, sync or async, so that every call is a span under the active context.
 * Arguments, `this`, results and exceptions pass through unchanged; an exception is recorded with
 * its stack.
 */
export function traced<This, Args extends unknown[], Result>(
  tracing: Tracing,
  name: string,
  fn: (this: This, ...args: Args) => Result,
  options: TracedOptions = {},
): (this: This, ...args: Args) => Result {
  if (!tracing.enabled) return fn;
  const { argumentAttributes = [], attributes = {}, ...spanOptions } = options;
  return function tracedCall(this: This, ...args: Args): Result {
    const parent = context.active();
    const span = tracing.tracer.startSpan(name, { ...spanOptions, attributes }, parent);
    if (span.isRecording()) {
      for (const [index, key] of argumentAttributes.entries()) {
        if (index < args.length) {
          span.setAttribute(key, redactedText(args[index], ARGUMENT_CHARS_MAX));
        }
      }
    }
    return runInSpan(startedSpan(span, parent), () => fn.apply(this, args));
  };
}
