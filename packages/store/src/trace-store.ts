import type { Attributes, LifecycleDefinition, Span, SpanRef } from '@throughline/model';

/**
 * What can be asked of the trace store. The contract, for every implementation:
 *
 * - **Visibility**: a span is visible once its journal segment is loaded, at the latest a few
 *   seconds after it was acknowledged; then for every reader, and exactly once, whatever crashed.
 * - **Empty results** are empty arrays, never errors. An unknown id is simply not in the answer.
 * - **Order**: spans come sorted by start, then trace id, then span id; links by the linking span's
 *   start; traces by id.
 * - **Fidelity**: what OTLP carries of a resource, scope, span, event or link comes back exactly as it
 *   was sent: 64-bit integers, doubles, bytes, arrays, maps, empty and absent values. Three things do
 *   not: the order of attributes; of a key sent twice, all values but the last; a kind or status code
 *   that OTLP does not know, which becomes `internal` or `unset`.
 * - **Bounds**: every read is bounded in rows, memory and time. What a row bound cuts off sets
 *   `truncated`.
 * - **Values** are bound parameters, always: in the embedded engine, SQL reach is host reach.
 * - **Lifecycle definitions** have at most four key attributes, which are strings, and are given when
 *   the store is opened: spans received before a definition was there are not in its lists.
 * - **Errors**: `TL_ENGINE_UNAVAILABLE` while the engine restarts (try again), `TL_QUERY_TIMEOUT`,
 *   `TL_QUERY_TOO_LARGE`, `TL_QUERY_FAILED`.
 */
export interface TraceStore {
  /** All spans of the traces, at most `limit` of them. */
  spansOfTraces(traceIds: readonly string[], limit: number): Promise<SpanPage>;

  /** The other traces in which a span links to a span of one of these. */
  tracesLinkingTo(traceIds: readonly string[], limit: number): Promise<TracePage>;

  /** The reverse of links: spans, of any trace, that link to a span of one of these traces. */
  linksToTraces(traceIds: readonly string[], limit: number): Promise<LinkPage>;

  /**
   * The begin spans of lifecycles: those named in the definition that carry these key values.
   * `values` go with the last `values.length` key attributes, so a short key (`o1` for `u1/o1`)
   * works and may find several.
   */
  findBegins(definition: LifecycleDefinition, values: readonly string[]): Promise<BeginSpan[]>;

  /**
   * One page of lifecycles with their ends, without their graphs.
   */
  listBegins(definition: LifecycleDefinition, options: ListOptions): Promise<BeginPage>;

  /** Begin spans among the spans of these traces. */
  beginsOfTraces(
    definition: LifecycleDefinition,
    traceIds: readonly string[],
  ): Promise<BeginSpan[]>;
}

export interface SpanPage {
  spans: Span[];
  truncated: boolean;
}

export interface TracePage {
  traceIds: string[];
  truncated: boolean;
}

export interface InboundLinkRow {
  /** The span that is linked to. */
  target: SpanRef;
  /** The linking span. */
  source: SpanRef;
  type: string | undefined;
  attributes: Attributes;
  name: string;
  service: string;
  startNs: bigint;
}

export interface LinkPage {
  links: InboundLinkRow[];
  truncated: boolean;
}

export interface BeginSpan {
  span: SpanRef;
  /** One value per key attribute of the definition, in its order. */
  key: readonly string[];
  beginNs: bigint;
}

/** `end` is the earliest end span with a terminal status; undefined while the lifecycle is open. */
export interface BeginRow extends BeginSpan {
  end: { span: SpanRef; endNs: bigint; status: string } | undefined;
}

export interface ListOptions {
  /**
   * Each must occur in the key, or in the symbol, side or type of the begin span, or in the status.
   */
  words: readonly string[];
  /** A terminal status, or `open`; undefined for any. */
  status: string | undefined;
  /** Bounds on the begin, half-open: startNs <= begin < endNs. */
  startNs: bigint | undefined;
  endNs: bigint | undefined;
  /** Newest first, or longest first (open ones count until now, and so come first). */
  sort: 'begin' | 'duration';
  limit: number;
  cursor: string | undefined;
}

export interface BeginPage {
  rows: BeginRow[];
  total: number;
  /** Opaque; present when more rows follow. */
  cursor: string | undefined;
}
