import type { Inbound } from './arrival.ts';
import type { Cone } from './cone.ts';
import type { CausalEdge, SpanNode } from './graph.ts';
import { earlier, later } from './instant.ts';
import { nestedChildren } from './nesting.ts';

/** How far things may be delayed without moving the end; `undefined` when nothing leads to the end. */
export interface Slack {
  /** Of the span's starting later. */
  ofStart(node: SpanNode): bigint | undefined;
  /** Of the effect's coming later by this edge: it may wait for other causes anyway. */
  ofEdge(edge: CausalEdge): bigint | undefined;
  /** Of the span's own work [fromNs, toNs) taking longer. */
  ofWork(node: SpanNode, fromNs: bigint, toNs: bigint): bigint | undefined;
}

/**
 * A point in a span at which something else takes over: an effect departs, the span joins its parent, or
 * the lifecycle ends.
 */
interface Moment {
  readonly atNs: bigint;
  /** The effect that departs, or the parent that is joined; `undefined` at the lifecycle's end. */
  readonly target: SpanNode | undefined;
  readonly joins: boolean;
  /** Between the moment and the target, once all that the target waits for is there. */
  readonly waitNs: bigint;
  /** The span's own work before the moment: since its start, or since the last nested child ended. */
  ownNs: bigint;
  /** The span's next moment, and the first one in the target that the moment comes before. */
  next: Moment | undefined;
  onward: Moment | undefined;
  /** The latest time, that moves no end, for what own work before this and all later moments starts from. */
  lateNs: bigint | undefined;
  state: 'new' | 'open' | 'settled';
}

type Timelines = ReadonlyMap<SpanNode, Moment[]>;

/**
 * Slack by the critical path method (Kelley and Walker, 1959), over the events of spans instead of tasks.
 * The model: an effect starts a fixed wait after the last of its causes arrived; inside a span, a moment
 * comes a fixed time of own work after the latest of the span's start and of those nested children's ends
 * that came before it. So the earlier of two causes has slack against the later one, and a delay beyond
 * the slack moves the end by the rest.
 */
export function slackOf(
  cone: Cone,
  inbound: ReadonlyMap<SpanNode, Inbound>,
  last: SpanNode,
  endNs: bigint,
): Slack {
  const timelines = timelinesOf(cone, inbound);
  timelines.get(last)?.push(moment({ atNs: endNs }));
  for (const [node, moments] of timelines) sequence(cone, node, moments);
  for (const [node, moments] of timelines) connect(timelines, node, moments);
  for (const moments of timelines.values()) for (const one of moments) settle(one, endNs);

  const floats = floatsOf(inbound);
  const since = (late: Moment | undefined, fromNs: bigint) => {
    if (late?.lateNs === undefined) return undefined;
    return late.lateNs < fromNs ? 0n : late.lateNs - fromNs;
  };
  const ofStart = (node: SpanNode) => since(timelines.get(node)?.[0], node.startNs);
  return {
    ofStart,
    ofEdge(edge) {
      const floatNs = floats.get(edge);
      const slackNs = ofStart(edge.to);
      return floatNs === undefined || slackNs === undefined ? undefined : floatNs + slackNs;
    },
    ofWork: (node, fromNs, toNs) =>
      since(
        timelines.get(node)?.find(({ atNs }) => atNs >= toNs),
        fromNs,
      ),
  };
}

/** How far each edge's arrival, the latest one where it has several, is before the last at its effect. */
function floatsOf(inbound: ReadonlyMap<SpanNode, Inbound>): ReadonlyMap<CausalEdge, bigint> {
  const floats = new Map<CausalEdge, bigint>();
  for (const { arrivals, lastNs } of inbound.values()) {
    for (const { edge, atNs } of arrivals) {
      if (edge) floats.set(edge, earlier(floats.get(edge) ?? lastNs - atNs, lastNs - atNs));
    }
  }
  return floats;
}

function moment(known: Pick<Moment, 'atNs'> & Partial<Moment>): Moment {
  const links = { target: undefined, next: undefined, onward: undefined, lateNs: undefined };
  return { ...links, joins: false, waitNs: 0n, ownNs: 0n, state: 'new', ...known };
}

/** Each span's moments: where its effects depart, and, when it is nested, its end. */
function timelinesOf(cone: Cone, inbound: ReadonlyMap<SpanNode, Inbound>): Timelines {
  const timelines = new Map<SpanNode, Moment[]>();
  for (const node of cone.relevance.keys()) timelines.set(node, []);
  for (const [effect, { arrivals, lastNs }] of inbound) {
    for (const { node, atNs } of arrivals) {
      const departNs = later(atNs, node.startNs);
      const waitNs = effect.startNs - lastNs;
      timelines.get(node)?.push(moment({ atNs: departNs, target: effect, waitNs }));
    }
  }
  for (const parent of cone.relevance.keys()) {
    for (const { to: child } of nestedChildren(cone, parent)) {
      timelines.get(child)?.push(moment({ atNs: child.endNs, target: parent, joins: true }));
    }
  }
  return timelines;
}

/**
 * Sorts a span's moments by time, and works out how much own work comes before each. A nested child without
 * duration has ended before the moments after its own start, though at the same time.
 */
function sequence(cone: Cone, node: SpanNode, moments: Moment[]): void {
  moments.sort((left, right) => (left.atNs < right.atNs ? -1 : left.atNs > right.atNs ? 1 : 0));
  const children = nestedChildren(cone, node).map(({ to }) => to);
  const instants = new Set(children.filter(({ startNs, endNs }) => startNs === endNs));
  const lasting = children.filter((child) => !instants.has(child));
  let sinceNs = node.startNs;
  for (const [index, one] of moments.entries()) {
    for (let child = lasting.at(-1); child && child.endNs <= one.atNs; child = lasting.at(-1)) {
      if (child.endNs > sinceNs) sinceNs = child.endNs;
      lasting.pop();
    }
    one.ownNs = one.atNs - sinceNs;
    one.next = moments[index + 1];
    if (one.target && !one.joins && instants.has(one.target)) sinceNs = one.atNs;
  }
}

/** An effect's start comes before all its moments, a join before the parent's moments from then on. */
function connect(timelines: Timelines, node: SpanNode, moments: readonly Moment[]): void {
  for (const one of moments) {
    const theirs = (one.target && timelines.get(one.target)) ?? [];
    const departure = theirs.findIndex(({ target, joins }) => target === node && !joins);
    one.onward = one.joins
      ? theirs.find(({ atNs }, index) => atNs >= node.endNs && index > departure)
      : theirs[0];
  }
}

/**
 * Works out `lateNs` from what the moment comes before, depth first with a stack of its own: a chain may
 * be as long as the cone is large. A moment that is met again while it is open lies on a cycle, which only
 * spans that link to each other make, and bounds nothing.
 */
function settle(first: Moment, endNs: bigint): void {
  const stack = [first];
  for (let one = stack.at(-1); one; one = stack.at(-1)) {
    if (one.state === 'new') {
      one.state = 'open';
      if (one.onward?.state === 'new') stack.push(one.onward);
      if (one.next?.state === 'new') stack.push(one.next);
      continue;
    }
    stack.pop();
    if (one.state === 'settled') continue;
    one.state = 'settled';
    const onwardNs = one.target ? one.onward?.lateNs : endNs;
    const boundNs = onwardNs === undefined ? undefined : onwardNs - one.waitNs - one.ownNs;
    const nextNs = one.next?.lateNs;
    const nextIsLess = boundNs === undefined || (nextNs !== undefined && nextNs < boundNs);
    one.lateNs = nextIsLess ? nextNs : boundNs;
  }
}
