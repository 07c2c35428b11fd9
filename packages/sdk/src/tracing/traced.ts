import { type Attributes, context, SpanKind } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model/names';
import { redactedText } from '../privacy/redaction.ts';
import { AttributeList } from './attribute-list.ts';
import { currentTracing } from './current-tracing.ts';
import { runInSpan, startedSpan } from './started-span.ts';
import type { Tracing } from './tracing.ts';

const ARGUMENT_CHARS_MAX = 256;

export interface TracedOptions {
  /**
   * By default the current one, looked up at every call: a decorator runs before tracing starts.
   */
  readonly tracing?: Tracing | undefined;
  /** INTERNAL by default. */
  readonly kind?: SpanKind | undefined;
  readonly attributes?: Attributes | undefined;
  /**
   * Attribute names for the first arguments, in order: each call records those arguments, redacted
   * and capped at 256 characters.
   */
  readonly argumentAttributes?: readonly string[] | undefined;
}

type AnyFunction = (this: never, ...args: never[]) => unknown;

/** What {@link traced} gives: a wrapper of functions that is a decorator of methods, too. */
export interface TracedDecorator {
  /** Wraps a function; or decorates a method, in standard syntax. */
  <F extends AnyFunction>(fn: F, context?: ClassMethodDecoratorContext): F;
  /** Decorates a method where TypeScript has `experimentalDecorators`. */
  <F extends AnyFunction>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): TypedPropertyDescriptor<F>;
}

/**
 * Makes every call of a function, sync or async, a span under the active context:
 * `traced('price')(fn)`, or `@traced('price')` on a method. Arguments, `this`, results and
 * exceptions pass through unchanged; an exception is recorded with its stack. Of a generator the
 * call is traced, which makes the iterator, not what the iterator does.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` when it decorates what is no function
 */
export function traced(name: string, options: TracedOptions = {}): TracedDecorator {
  function decorate(target: unknown, _key?: unknown, descriptor?: PropertyDescriptor): unknown {
    if (!descriptor) return tracedFunction(name, options, target);
    return { ...descriptor, value: tracedFunction(name, options, descriptor.value) };
  }
  return decorate as TracedDecorator;
}

function tracedFunction(name: string, options: TracedOptions, fn: unknown): unknown {
  if (typeof fn !== 'function') {
    throw new ThroughlineError('TL_CONFIG_INVALID', `traced('${name}') is not on a function`, {
      hint: 'Use it on functions and methods, not on fields or accessors.',
    });
  }
  function tracedCall(this: unknown, ...args: unknown[]): unknown {
    const tracing = options.tracing ?? currentTracing();
    if (!tracing.enabled) return Reflect.apply(fn as () => unknown, this, args);
    const parent = context.active();
    const span =
      tracing.tracer.startLeftOut(parent, keysOf(options, args)) ??
      tracing.tracer.startWith(name, parent, {
        kind: options.kind ?? SpanKind.INTERNAL,
        attributes: attributesOf(tracing, options, args),
      });
    return runInSpan(startedSpan(span, parent), () =>
      Reflect.apply(fn as () => unknown, this, args),
    );
  }
  // Frameworks look at both: a handler of two parameters is not called like one of three.
  Object.defineProperty(tracedCall, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(tracedCall, 'length', { value: fn.length, configurable: true });
  return tracedCall;
}

/** Which attributes there will be: of arguments without their values, which take work. */
function keysOf(
  { attributes, argumentAttributes }: TracedOptions,
  args: readonly unknown[],
): Attributes | undefined {
  if (!argumentAttributes) return attributes;
  const given = argumentAttributes.slice(0, args.length).map((key) => [key, '']);
  return { ...attributes, ...Object.fromEntries(given) };
}

/** Known at the start, so that samplers see them. */
function attributesOf(
  { redactor }: Tracing,
  options: TracedOptions,
  args: readonly unknown[],
): AttributeList {
  const list = new AttributeList();
  list.setAll(options.attributes);
  for (const [index, key] of options.argumentAttributes?.entries() ?? []) {
    if (index < args.length) list.set(key, redactedText(args[index], ARGUMENT_CHARS_MAX, redactor));
  }
  return list;
}
