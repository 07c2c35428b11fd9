import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/** Deeper chains are folded into one link, so that looking up and holding stay bounded. */
const DEPTH_MAX = 8;

/**
 * An immutable OpenTelemetry context that adds one value to another context. OpenTelemetry's own copies
 * a map for every value, which is a tenth of what a message costs: a message has three or four values,
 * and most contexts are asked for one of them.
 */
class ChainedContext implements Context {
  readonly #values: ReadonlyMap<symbol, unknown>;
  readonly #next: ChainedContext | undefined;
  readonly #key: symbol | undefined;
  readonly #value: unknown;
  readonly #depth: number;

  /** @param values what is under the first link of the chain */
  constructor(
    values: ReadonlyMap<symbol, unknown>,
    next?: ChainedContext,
    key?: symbol,
    value?: unknown,
  ) {
    this.#values = values;
    this.#next = next;
    this.#key = key;
    this.#value = value;
    this.#depth = next ? next.#depth + 1 : 0;
  }

  getValue(key: symbol): unknown {
    for (let link: ChainedContext | undefined = this; link; link = link.#next) {
      if (link.#key === key) return link.#value;
    }
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): Context {
    if (this.#depth < DEPTH_MAX) return new ChainedContext(this.#values, this, key, value);
    return new ChainedContext(this.#folded().set(key, value));
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  #folded(): Map<symbol, unknown> {
    const values = new Map(this.#next ? this.#next.#folded() : this.#values);
    if (this.#key) values.set(this.#key, this.#value);
    return values;
  }
}

/** An empty context, from which the contexts of messages are made. */
export const MESSAGE_ROOT: Context = new ChainedContext(new Map());

/** The same context; an empty one as {@link MESSAGE_ROOT}, which is cheaper to add to. */
export function messageContext(context: Context): Context {
  return context === ROOT_CONTEXT ? MESSAGE_ROOT : context;
}
