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
 * - **Lists** are by the first begin of a key in the range, and its first terminal end, which may lie up to a
 *   minute before the range. While no more than 50,000 begin in it (20,000 with a
 *   filter) the total is exact when newest first, and always when longest first; else it is a bound.
 * - **Where the trace is the key** nothing is kept of a begin but its span. Lists are then of lifecycles
 *   that ended, unless open ones are asked for, and by their ends: in that order, and within those bounds.
 *   The longest are the longest of the newest 5,000; the open ones at most 10,000, of the last hour when
 *   no bound is given, found among all spans of the time. A lifecycle whose begin span is not in the store
 *   is counted, and is not on its page.
 * - **Errors**: `TL_ENGINE_UNAVAILABLE` while the engine restarts (try again), `TL_QUERY_TIMEOUT`,
 *   `TL_QUERY_TOO_LARGE`, `TL_QUERY_FAILED`.
 */
export interface TraceStore {
  /** All spans of the traces, at most `limit` of them. */
  spansOfTraces(traceIds: readonly string[], limit: number): Promise<SpanPage>;

  /**
   * All spans of the traces, and of the traces that spans of these link to, at most `limit` of them all.
   * The links of begin spans do not count: their causes came before the lifecycle.
   */
  spansAndCauses(
    definition: LifecycleDefinition,
    traceIds: readonly string[],
    limit: number,
  ): Promise<SpanPage>;

  /** The other traces in which a span links to a span of one of these. */
  tracesLinkingTo(traceIds: readonly string[], limit: number): Promise<TracePage>;

  /** The reverse of links: spans, of any trace, that link to a span of one of these traces. */
  linksToTraces(traceIds: readonly string[], limit: number): Promise<LinkPage>;

  /**
   * The begin spans of lifecycles: those named in the definition that carry these key values.
   * `values` go with the last `values.length` key attributes, so a short key (`o1` for `u1/o1`)
   * works and may find several. Where the trace is the key, the one value is its id, in lower case.
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

  /** How the contexts of the messages fared that were consumed in a stretch of time, most messages first. */
  coverage(options: CoverageOptions): Promise<HopPage>;
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
  /** One value per key attribute of the definition, in its order; or the trace id, when that is the key. */
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
  /** How many match in the whole range, on every page. */
  total: number;
  /** Of a total that is not exact: at least so many match (`lower`), or at most (`upper`). */
  totalBound?: 'lower' | 'upper';
  /** Opaque; present when more rows follow. */
  cursor: string | undefined;
}

export interface CoverageOptions {
  /** Bounds on the start of the consumer's span, half-open. */
  startNs: bigint;
  endNs: bigint;
  /** Of a message that was consumed before, the sender's span will not come any more. */
  orphansBeforeNs: bigint;
  limit: number;
}

/**
 * The messages that one service took from one destination, by who sent them. Of those consumed, the ones
 * whose context was usable are the rest.
 */
export interface HopRow {
  /** Undefined for messages of which it is not known: without context, or with the sender's span lost. */
  producer: string | undefined;
  /** `messaging.system`. */
  system: string;
  /** Its template where it has one; empty for a temporary one. */
  destination: string;
  consumer: string;
  consumed: number;
  /** Without any context. */
  missing: number;
  malformed: number;
  /** Whose context was looked for by a business id, and not found. */
  missed: number;
  /** Whose sender's span is not in the store. */
  orphaned: number;
  /** Links that did not fit on the consumers' spans. */
  linksDropped: number;
  /** A trace of such a message: of one whose context was not usable, if there is one. */
  exampleTraceId: string;
}

/** `truncated`: there are more hops, or more messages than are counted: the newest are. */
export interface HopPage {
  hops: HopRow[];
  truncated: boolean;
}
