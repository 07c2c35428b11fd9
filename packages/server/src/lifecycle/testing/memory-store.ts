import { type Span, spanRef } from '@throughline/model';
import type { InboundLinkRow, TraceStore } from '@throughline/store';

/** The part of a trace store that reads graphs, over an array; counts its queries. */
export class MemoryStore implements TraceStore {
  queries = 0;
  readonly #spans: readonly Span[];

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  async spansOfTraces(traceIds: readonly string[], limit: number) {
    this.queries += 1;
    const wanted = new Set(traceIds);
    const spans = this.#spans.filter(({ traceId }) => wanted.has(traceId));
    return { spans: spans.slice(0, limit), truncated: spans.length > limit };
  }

  async linksToTraces(traceIds: readonly string[], limit: number) {
    this.queries += 1;
    const wanted = new Set(traceIds);
    const links = this.#spans.flatMap((span) =>
      span.links
        .filter(({ traceId }) => wanted.has(traceId))
        .map((link): InboundLinkRow => {
          const { name, service, startNs } = span;
          const ends = { target: spanRef(link), source: spanRef(span) };
          return { ...ends, type: link.type, attributes: link.attributes, name, service, startNs };
        }),
    );
    return { links: links.slice(0, limit), truncated: links.length > limit };
  }

  async findBegins() {
    return [];
  }

  async listBegins() {
    return { rows: [], total: 0, cursor: undefined };
  }

  async beginsOfTraces() {
    return [];
  }
}
