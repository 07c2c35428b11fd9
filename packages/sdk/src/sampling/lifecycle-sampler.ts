import type { Attributes, AttributeValue, Baggage, Link } from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model/names';
import { keyRandomness, samplingThreshold, traceRandomness } from './randomness.ts';
import {
  type AttributeReader,
  isSampled,
  type SampledFlag,
  type Sampler,
  type SamplingInput,
} from './sampler.ts';

/**
 * `lifecycle`: all spans of one order agree, in every trace, service and process, because the
 * decision is a hash of the order's key; so a sampled order is whole (tracing-model, section 1).
 * The first of these that applies decides:
 *
 * 1. The span's own attributes hold the key of a lifecycle: its hash. So below a batch or a match
 *    that many orders share, each order's spans follow their own order.
 * 2. A parent: the parent's decision.
 * 3. The baggage holds what the attributes do not of a key: its hash.
 * 4. Links: whether any linked span is sampled. So a batch is kept if any member is.
 * 5. The randomness of the trace id.
 *
 * A span of several lifecycles is kept if one of them is.
 */
export class LifecycleSampler implements Sampler {
  readonly description: string;
  readonly #threshold: number;
  readonly #keys: readonly (readonly string[])[];
  /** Whether a key may stand among the attributes that the sdk adds. */
  readonly #isOfMessaging: boolean;

  /**
   * @param ratio the share of lifecycles, and of traces without one, that is sampled, 0 to 1
   * @param keys of each lifecycle the attributes that together name one: `user.id` and
   * `client.order_id`
   */
  constructor(ratio: number, keys: readonly (readonly string[])[]) {
    this.description = `Lifecycle{${ratio},${keys.map((key) => key.join('+')).join()}}`;
    this.#threshold = samplingThreshold(ratio);
    this.#keys = keys;
    this.#isOfMessaging = keys.flat().some((name) => name.startsWith('messaging.'));
  }

  shouldSample({ attributes, baggage, parent, links, traceId }: SamplingInput): boolean {
    const byAttributes = this.#byKey(attributes, undefined);
    if (byAttributes !== undefined) return byAttributes;
    if (parent) return isSampled(parent);
    const byBaggage = baggage && this.#byKey(attributes, baggage);
    return byBaggage ?? byLinks(links) ?? traceRandomness(traceId) >= this.#threshold;
  }

  decideByParent(parent: SampledFlag, own: Attributes | undefined): boolean | undefined {
    if (this.#isOfMessaging) return undefined;
    for (const key of this.#keys) {
      if (own && key.every((name) => textOf(own[name]) !== undefined)) return undefined;
    }
    return isSampled(parent);
  }

  /** `undefined` when no lifecycle's key is whole. */
  #byKey(attributes: AttributeReader, baggage: Baggage | undefined): boolean | undefined {
    let decision: boolean | undefined;
    for (const key of this.#keys) {
      const values = valuesOf(key, attributes, baggage);
      if (values) decision = decision === true || keyRandomness(values) >= this.#threshold;
    }
    return decision;
  }
}

/** `undefined` when one is missing. */
function valuesOf(
  key: readonly string[],
  attributes: AttributeReader,
  baggage: Baggage | undefined,
): readonly string[] | undefined {
  const values: string[] = [];
  for (const name of key) {
    const value = textOf(attributes.get(name)) ?? baggage?.getEntry(name)?.value;
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** A number counts as its digits, as baggage carries it. Other values name no lifecycle. */
function textOf(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/**
 * `undefined` without links that count: a client must not decide what we sample (tracing-model,
 * rule 5).
 */
function byLinks(links: readonly Link[] = []): boolean | undefined {
  let decision: boolean | undefined;
  for (const { context, attributes } of links) {
    if (attributes?.[ATTR.linkType] === LINK_TYPE.clientContext) continue;
    if (isSampled(context)) return true;
    decision = false;
  }
  return decision;
}
