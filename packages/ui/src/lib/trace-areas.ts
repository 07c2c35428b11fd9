/** Pixels, from the top left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of a trace that lies together on the drawing. */
export interface TraceArea extends Box {
  readonly traceId: string;
}

/** A node that has its place. */
export interface TraceMember extends Box {
  readonly id: string;
  readonly traceId: string | undefined;
}

const PADDING_PX = 8;

/** Room for the trace's name above its nodes. */
const NAME_PX = 16;

function padded({ x, y, width, height }: Box): Box {
  return {
    x: x - PADDING_PX,
    y: y - PADDING_PX - NAME_PX,
    width: width + 2 * PADDING_PX,
    height: height + 2 * PADDING_PX + NAME_PX,
  };
}

function unite(left: Box, right: Box): Box {
  const x = Math.min(left.x, right.x);
  const y = Math.min(left.y, right.y);
  return {
    x,
    y,
    width: Math.max(left.x + left.width, right.x + right.width) - x,
    height: Math.max(left.y + left.height, right.y + right.height) - y,
  };
}

function overlap(left: Box, right: Box): boolean {
  return (
    left.x < right.x + right.width &&
    right.x < left.x + left.width &&
    left.y < right.y + right.height &&
    right.y < left.y + left.height
  );
}

/**
 * Borders around the nodes of each trace. Causes run in and out of traces, so on a drawing from
 * cause to effect a trace need not lie together: then it gets several areas, each as large as it
 * can be without covering a node of another trace.
 *
 * @param pairs ids of nodes that are parent and child
 */
export function traceAreas(
  members: readonly TraceMember[],
  pairs: readonly { readonly from: string; readonly to: string }[],
): TraceArea[] {
  const areaOf = new Map<string, TraceArea>();
  for (const member of members) {
    if (member.traceId === undefined) continue;
    areaOf.set(member.id, { ...padded(member), traceId: member.traceId });
  }
  const strangers = members.map((member) => ({ traceId: member.traceId, box: padded(member) }));
  for (const { from, to } of pairs) {
    const left = areaOf.get(from);
    const right = areaOf.get(to);
    if (!left || !right || left === right || left.traceId !== right.traceId) continue;
    const united = unite(left, right);
    const free = strangers.every(
      ({ traceId, box }) => traceId === left.traceId || !overlap(united, box),
    );
    if (!free) continue;
    const area = { ...united, traceId: left.traceId };
    for (const [id, old] of areaOf) if (old === left || old === right) areaOf.set(id, area);
  }
  return [...new Set(areaOf.values())];
}
