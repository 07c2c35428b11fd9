import { type LifecycleSpan, type Segment, type SpanRef, spanRef } from '@throughline/model';

/** A span on the timeline, in ns from the origin. */
export interface Bar {
  readonly span: LifecycleSpan;
  readonly ref: SpanRef;
  readonly fromNs: number;
  readonly toNs: number;
}

/** A line of bars that do not overlap. Only an operation's first line carries its name. */
export interface Line {
  readonly operation: string;
  readonly first: boolean;
  readonly bars: readonly Bar[];
}

/** One service: its operations in order of first appearance. */
export interface Lane {
  readonly service: string;
  readonly lines: readonly Line[];
}

/** Lines that one operation may take; bars beyond share the last and overlap there. */
export const OPERATION_LINES_MAX = 6;

function pack(bars: readonly Bar[]): Bar[][] {
  const lines: Bar[][] = [];
  const ends: number[] = [];
  for (const bar of bars) {
    const free = ends.findIndex((end) => end <= bar.fromNs);
    const index = free >= 0 ? free : Math.min(lines.length, OPERATION_LINES_MAX - 1);
    const line = lines[index];
    if (line) line.push(bar);
    else lines.push([bar]);
    ends[index] = Math.max(ends[index] ?? Number.NEGATIVE_INFINITY, bar.toNs);
  }
  return lines;
}

/**
 * Services as lanes, in order of their first span; in each a line per operation, so that even a
 * span too short to carry text has its name beside it.
 *
 * @param originNs the point in time that offset 0 stands for
 */
export function layoutLanes(spans: readonly LifecycleSpan[], originNs: bigint): Lane[] {
  const bars = spans
    .map((span) => ({
      span,
      ref: spanRef(span),
      fromNs: Number(span.startNs - originNs),
      toNs: Number(span.endNs - originNs),
    }))
    .sort((left, right) => left.fromNs - right.fromNs || right.toNs - left.toNs);
  const services = new Map<string, Map<string, Bar[]>>();
  for (const bar of bars) {
    const operations = services.get(bar.span.service) ?? new Map<string, Bar[]>();
    services.set(bar.span.service, operations);
    const same = operations.get(bar.span.name);
    if (same) same.push(bar);
    else operations.set(bar.span.name, [bar]);
  }
  return [...services].map(([service, operations]) => ({
    service,
    lines: [...operations].flatMap(([operation, operationBars]) =>
      pack(operationBars).map((line, index) => ({ operation, first: index === 0, bars: line })),
    ),
  }));
}

/**
 * The bars of a line that are worth drawing: those in view, and of several that fall on the same
 * pixel only the first, unless `keep` asks for more.
 *
 * @param nsPerPixel how much time one pixel stands for
 */
export function visibleBars(
  bars: readonly Bar[],
  window: { fromNs: number; toNs: number },
  nsPerPixel: number,
  keep: (bar: Bar) => boolean,
): Bar[] {
  let drawnToNs = Number.NEGATIVE_INFINITY;
  return bars.filter((bar) => {
    if (bar.toNs < window.fromNs || bar.fromNs > window.toNs) return false;
    if (keep(bar)) return true;
    if (bar.toNs < drawnToNs + nsPerPixel) return false;
    drawnToNs = Math.max(drawnToNs, bar.toNs);
    return true;
  });
}

/** The span in whose line a segment is drawn: its own for work, the one that waited for a wait. */
export function segmentOwner(segment: Segment): SpanRef | undefined {
  return segment.span ?? segment.edge?.to;
}

/** Segments by the span in whose line they are drawn. */
export function segmentsByOwner(segments: readonly Segment[]): Map<SpanRef, Segment[]> {
  const owners = new Map<SpanRef, Segment[]>();
  for (const segment of segments) {
    const owner = segmentOwner(segment);
    if (owner === undefined) continue;
    const same = owners.get(owner);
    if (same) same.push(segment);
    else owners.set(owner, [segment]);
  }
  return owners;
}
