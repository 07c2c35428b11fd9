import { setImmediate } from 'node:timers/promises';
import {
  isBeginName,
  isKeyedByTrace,
  type Lifecycle,
  type LifecycleDefinition,
  parseSpanRef,
  type Span,
} from '@throughline/model';
import type { BeginSpan, TraceStore } from '@throughline/store';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';

/** How much is read for all requested lifecycles together. */
export interface ReadLimits {
  readonly spansMax: number;
  readonly linksMax: number;
  readonly tracesMax: number;
  /** Hops from trace to trace, forward along links, and as many back. */
  readonly hopsMax: number;
}

export const READ_LIMITS: ReadLimits = {
  spansMax: 50_000,
  linksMax: 50_000,
  tracesMax: 20_000,
  hopsMax: 16,
};

/** Traces whose spans one query asks for. */
const TRACES_AT_ONCE_MAX = 5_000;

/** Lifecycles built in one go, before other work of the process gets its turn. */
const BUILT_AT_ONCE_MAX = 16;

/**
 * Reads the lifecycles with these begins, all together: a few queries a hop, however many they are.
 *
 * Forward: the traces of the begins, then the traces that link to these, and so on, by links alone; only
 * then their spans, nearest first. Then back: the traces that these link to and that were not met, which hold the other members of batches (whose arrivals a
 * batch waited for) and what remains of a chain with a lost span; these are not followed forward again.
 * The first step back comes in one answer with the spans met forward, where that answer is whole.
 * What a limit cuts off makes every lifecycle of this read `truncated`.
 *
 * @returns in the order of the begins, without those whose begin span the store did not return
 * @throws ThroughlineError as the store does
 */
export async function readLifecycles(
  store: TraceStore,
  definition: LifecycleDefinition,
  begins: readonly BeginSpan[],
  limits: ReadLimits = READ_LIMITS,
): Promise<Lifecycle[]> {
  const reading = new Reading(store, definition, limits);
  const traceIds = begins.map(({ span }) => parseSpanRef(span).traceId);
  if (isKeyedByTrace(definition)) await reading.only(traceIds);
  else {
    await reading.forward(traceIds);
    await reading.back();
  }
  const graph = buildGraph(definition, reading.spans);
  const options = { readTruncated: reading.truncated };
  const lifecycles: Lifecycle[] = [];
  for (const { span } of begins) {
    if (!graph.nodes.get(span)?.begins) continue;
    lifecycles.push(buildLifecycle(graph, span, options));
    if (lifecycles.length % BUILT_AT_ONCE_MAX === 0) await setImmediate();
  }
  return lifecycles;
}

class Reading {
  readonly spans: Span[] = [];
  truncated = false;
  readonly #store: TraceStore;
  readonly #definition: LifecycleDefinition;
  readonly #limits: ReadLimits;
  readonly #traces = new Set<string>();
  /** The spans of the traces that those met forward link to, where they came with these. */
  #causes: readonly Span[] | undefined;
  #linksLeft: number;

  constructor(store: TraceStore, definition: LifecycleDefinition, limits: ReadLimits) {
    this.#store = store;
    this.#definition = definition;
    this.#limits = limits;
    this.#linksLeft = limits.linksMax;
  }

  /** Traces whose lifecycles lie in them. */
  async only(traceIds: readonly string[]): Promise<void> {
    await this.#readSpans(this.#admit(traceIds));
  }

  async forward(traceIds: readonly string[]): Promise<void> {
    const met: string[] = [];
    let frontier = this.#admit(traceIds);
    for (let hop = 0; frontier.length > 0; hop += 1) {
      met.push(...frontier);
      if (hop >= this.#limits.hopsMax) {
        this.truncated = true;
        break;
      }
      frontier = this.#admit(await this.#linksTo(frontier));
    }
    if (!(await this.#readWithCauses(met))) await this.#readSpans(met);
  }

  async back(): Promise<void> {
    let spans: readonly Span[] = this.spans;
    let fanIn = true;
    for (let hop = 0; hop < this.#limits.hopsMax; hop += 1) {
      const causes = spans.flatMap((span) => this.#causesOf(span, fanIn));
      const traces = this.#admit(causes);
      if (traces.length === 0) return;
      spans = fanIn ? await this.#readFirstCauses(traces) : await this.#readSpans(traces);
      fanIn = false;
    }
  }

  /**
   * The traces of the spans that the span links to. A begin span's causes came before the lifecycle. The
   * many inputs of one operation are read for spans met forward only: from hop to hop they would multiply.
   */
  #causesOf(span: Span, fanIn: boolean): string[] {
    if (isBeginName(this.#definition, span.name)) return [];
    const counts = new Map<string | undefined, number>();
    for (const { type } of span.links) counts.set(type, (counts.get(type) ?? 0) + 1);
    const links = fanIn ? span.links : span.links.filter(({ type }) => counts.get(type) === 1);
    return links.map(({ traceId }) => traceId);
  }

  /** @returns false, with nothing read, when that is too much for one answer */
  async #readWithCauses(traceIds: readonly string[]): Promise<boolean> {
    if (traceIds.length > TRACES_AT_ONCE_MAX) return false;
    const { spansMax } = this.#limits;
    const page = await this.#store.spansAndCauses(this.#definition, traceIds, spansMax);
    if (page.truncated) return false;
    const met = new Set(traceIds);
    for (const span of page.spans) if (met.has(span.traceId)) this.spans.push(span);
    this.#causes = page.spans.filter(({ traceId }) => !met.has(traceId));
    return true;
  }

  async #readFirstCauses(traceIds: readonly string[]): Promise<readonly Span[]> {
    if (!this.#causes) return this.#readSpans(traceIds);
    const admitted = new Set(traceIds);
    const spans = this.#causes.filter(({ traceId }) => admitted.has(traceId));
    for (const span of spans) this.spans.push(span);
    return spans;
  }

  async #readSpans(traceIds: readonly string[]): Promise<Span[]> {
    const read: Span[] = [];
    for (let from = 0; from < traceIds.length; from += TRACES_AT_ONCE_MAX) {
      const left = this.#limits.spansMax - this.spans.length;
      if (left <= 0) {
        this.truncated = true;
        break;
      }
      const some = traceIds.slice(from, from + TRACES_AT_ONCE_MAX);
      const page = await this.#store.spansOfTraces(some, left);
      this.truncated ||= page.truncated;
      for (const span of page.spans) {
        read.push(span);
        this.spans.push(span);
      }
    }
    return read;
  }

  async #linksTo(traceIds: readonly string[]): Promise<string[]> {
    if (this.#linksLeft <= 0) {
      this.truncated = true;
      return [];
    }
    const page = await this.#store.tracesLinkingTo(traceIds, this.#linksLeft);
    this.truncated ||= page.truncated;
    this.#linksLeft -= page.traceIds.length;
    return page.traceIds;
  }

  /** Those of the traces that are new, as far as the limit allows. */
  #admit(traceIds: readonly string[]): string[] {
    const admitted: string[] = [];
    for (const traceId of traceIds) {
      if (this.#traces.has(traceId)) continue;
      if (this.#traces.size >= this.#limits.tracesMax) {
        this.truncated = true;
        break;
      }
      this.#traces.add(traceId);
      admitted.push(traceId);
    }
    return admitted;
  }
}
