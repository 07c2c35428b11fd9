import { expect } from 'vitest';
import type { CollectedSpan } from './orders-collector.ts';

/** Spans by id, by name and by parent: what a test asks of tens of thousands of them. */
export class SpanIndex {
  readonly #byId = new Map<string, CollectedSpan>();
  readonly #byName = new Map<string, CollectedSpan[]>();
  readonly #byParent = new Map<string, CollectedSpan[]>();
  readonly spans: readonly CollectedSpan[];

  constructor(spans: readonly CollectedSpan[]) {
    this.spans = spans;
    for (const span of spans) {
      this.#byId.set(span.spanId, span);
      add(this.#byName, span.name, span);
      if (span.parentSpanId) add(this.#byParent, span.parentSpanId, span);
    }
  }

  named(name: string): readonly CollectedSpan[] {
    return this.#byName.get(name) ?? [];
  }

  childrenOf({ spanId }: CollectedSpan): readonly CollectedSpan[] {
    return this.#byParent.get(spanId) ?? [];
  }

  parentOf({ parentSpanId = '' }: CollectedSpan): CollectedSpan | undefined {
    return this.#byId.get(parentSpanId);
  }

  /** The span and its parents, up to the root, as `service name`. */
  ancestry(span: CollectedSpan): string[] {
    const names: string[] = [];
    for (let one: CollectedSpan | undefined = span; one; one = this.parentOf(one)) {
      names.push(`${one.service} ${one.name}`);
    }
    return names;
  }

  /** The span that a sampled `traceparent` (with or without a random id) names, in the same trace. */
  ofTraceparent(traceparent: string): CollectedSpan | undefined {
    const [, traceId, spanId = ''] =
      /^00-([0-9a-f]{32})-([0-9a-f]{16})-0[13]$/.exec(traceparent) ?? [];
    const span = this.#byId.get(spanId);
    return span?.traceId === traceId ? span : undefined;
  }

  /**
   * Every message that was consumed had a context, and the span that it names is there, in the same
   * trace, and is a send.
   *
   * @returns how many were consumed
   */
  expectContexts(): number {
    const spans = this.spans.filter(({ kind }) => kind === 'consumer');
    const lost = spans.filter((span) => {
      const sent = this.parentOf(span);
      return sent?.traceId !== span.traceId || !['producer', 'client'].includes(sent.kind);
    });
    expect(lost.map(({ service, name }) => `${service} ${name}`)).toEqual([]);
    return spans.length;
  }
}

function add(map: Map<string, CollectedSpan[]>, key: string, span: CollectedSpan): void {
  const spans = map.get(key);
  if (spans) spans.push(span);
  else map.set(key, [span]);
}
