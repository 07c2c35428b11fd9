import { type Context, context } from '@opentelemetry/api';
import { type BusinessIds, withBusinessIds } from '@throughline/sdk';

/**
 * What a step of the workflow hands to the next: its result, and the context of its span. The next
 * step's span is below it, although it starts after it: so each has its own duration, and causes
 * stand above effects.
 */
export interface Step<T> {
  readonly value: T;
  readonly context: Context;
}

/**
 * Called inside a step, as the last thing it does.
 *
 * @param ids appear on every span from here on
 */
export function stepDone<T>(value: T, ids: BusinessIds = {}): Step<T> {
  return { value, context: withBusinessIds(context.active(), ids) };
}

/** Runs what follows a step. */
export function afterStep<T, R>(step: Step<T>, fn: (value: T) => R): R {
  return context.with(step.context, fn, undefined, step.value);
}
