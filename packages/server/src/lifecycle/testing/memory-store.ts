import { isBeginName, type LifecycleDefinition, type Span } from '@throughline/model';
import type { TraceStore } from '@throughline/store';

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

  async spansAndCauses(
    definition: LifecycleDefinition,
    traceIds: readonly string[],
    limit: number,
  ) {
    const asked = new Set(traceIds);
    const causes = this.#spans
      .filter(({ traceId, name }) => asked.has(traceId) && !isBeginName(definition, name))
      .flatMap(({ links }) => links.map(({ traceId }) => traceId));
    return this.spansOfTraces([...traceIds, ...causes], limit);
  }

  async tracesLinkingTo(traceIds: readonly string[], limit: number) {
    this.queries += 1;
    const wanted = new Set(traceIds);
    const linking = this.#spans.filter((span) =>
      span.links.some(({ traceId }) => traceId !== span.traceId && wanted.has(traceId)),
    );
    const found = [...new Set(linking.map(({ traceId }) => traceId))];
    return { traceIds: found.slice(0, limit), truncated: found.length > limit };
  }

  async linksToTraces() {
    return { links: [], truncated: false };
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

  async coverage() {
    return { hops: [], truncated: false };
  }
}
