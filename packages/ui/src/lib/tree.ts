import type { Span } from '@throughline/model';
import { compareNs } from './nanoseconds.ts';

/** A line of the waterfall. */
export interface TreeRow<S> {
  readonly span: S;
  readonly depth: number;
  /** Spans below it, however deep. */
  readonly descendants: number;
  /** It names a parent that is not in the trace. */
  readonly orphan: boolean;
}

type Node = Pick<Span, 'spanId' | 'parentSpanId' | 'startNs'>;

/**
 * The spans of one trace as lines of a tree: parents before children, siblings by start. Spans
 * whose parent is missing become roots. Spans that are their own ancestors are appended as roots
 * too, so that nothing that was sent is hidden.
 */
export function treeRows<S extends Node>(spans: readonly S[]): TreeRow<S>[] {
  const sorted = [...spans].sort((left, right) => compareNs(left.startNs, right.startNs));
  const ids = new Set(sorted.map((span) => span.spanId));
  const children = new Map<string, S[]>();
  const roots: S[] = [];
  for (const span of sorted) {
    if (span.parentSpanId === undefined || !ids.has(span.parentSpanId)) roots.push(span);
    else {
      const same = children.get(span.parentSpanId);
      if (same) same.push(span);
      else children.set(span.parentSpanId, [span]);
    }
  }
  const drawn = new Set<S>();
  const rows: { span: S; depth: number; descendants: number; orphan: boolean }[] = [];
  for (const root of [...roots, ...sorted]) {
    const stack = [{ span: root, depth: 0 }];
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { span, depth } = next;
      if (drawn.has(span)) continue;
      drawn.add(span);
      const orphan = depth === 0 && span.parentSpanId !== undefined;
      rows.push({ span, depth, descendants: 0, orphan });
      for (const child of (children.get(span.spanId) ?? []).toReversed()) {
        stack.push({ span: child, depth: depth + 1 });
      }
    }
  }
  const open: { depth: number; descendants: number }[] = [];
  for (const row of rows) {
    open.length = Math.min(open.length, row.depth);
    for (const ancestor of open) ancestor.descendants += 1;
    open.push(row);
  }
  return rows;
}

/** The lines that remain when everything below the spans in `collapsed` is folded away. */
export function unfolded<S extends Node>(
  rows: readonly TreeRow<S>[],
  collapsed: ReadonlySet<string>,
): TreeRow<S>[] {
  let hiddenBelow = Number.POSITIVE_INFINITY;
  return rows.filter(({ span, depth }) => {
    if (depth > hiddenBelow) return false;
    hiddenBelow = collapsed.has(span.spanId) ? depth : Number.POSITIVE_INFINITY;
    return true;
  });
}
