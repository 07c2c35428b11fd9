import {
  ATTR,
  type Attributes,
  isBeginName,
  isKeyedByTrace,
  type LifecycleDefinition,
  type Span,
  type SpanLink,
  type SpanRef,
  spanRef,
} from '@throughline/model';
import { later } from './instant.ts';

/**
 * A span among its causes and effects. Everything about lifecycles that does not depend on one key is
 * worked out here once, because hundreds of lifecycles are built from one graph.
 */
export interface SpanNode {
  readonly ref: SpanRef;
  readonly span: Span;
  readonly startNs: bigint;
  /** Never before the start, whatever the span's clock did. */
  readonly endNs: bigint;
  /** The lifecycle that the span's own attributes name, if they name one. */
  readonly key: string | undefined;
  /** Whether the lifecycle {@link key} begins here. */
  readonly begins: boolean;
  /**
   * The span's links together with those that did not fit on it and came as supplement spans. Only those
   * within the trace, when that is all that a lifecycle lies in.
   */
  readonly links: readonly SpanLink[];
  /**
   * The lifecycles that the span joins, by links to their begin spans; `undefined` when it has no such
   * link. Empty when it allocates only to begin spans that are not here.
   */
  readonly memberKeys: ReadonlySet<string> | undefined;
  readonly causes: readonly CausalEdge[];
  readonly effects: readonly CausalEdge[];
  /** A cause that the span names and that is not here. See {@link absentCause}. */
  readonly absent: AbsentCause | undefined;
}

/** From cause to effect: parent to child, or linked span to linking span. */
export interface CausalEdge {
  readonly from: SpanNode;
  readonly to: SpanNode;
  readonly type: 'child' | 'link';
  readonly linkType: string | undefined;
  readonly attributes: Attributes;
}

export interface AbsentCause {
  readonly ref: SpanRef;
  readonly type: 'parent' | 'link';
  readonly linkType: string | undefined;
}

export interface SpanGraph {
  readonly definition: LifecycleDefinition;
  readonly nodes: ReadonlyMap<SpanRef, SpanNode>;
  /** The spans whose own attributes name the lifecycle, by its key. */
  readonly named: ReadonlyMap<string, readonly SpanNode[]>;
}

/** The same node while the graph is being built. */
interface Draft extends SpanNode {
  links: SpanLink[];
  memberKeys: ReadonlySet<string> | undefined;
  causes: CausalEdge[];
  effects: CausalEdge[];
  absent: AbsentCause | undefined;
}

/** No attribute value of a real key holds it, so that `a/b` + `c` and `a` + `b/c` are two keys. */
const KEY_SEPARATOR = '\u0000';

/** One text for the key's values, to compare by. */
export function keyOf(values: readonly string[]): string {
  return values.join(KEY_SEPARATOR);
}

/** The key as it is shown: `user/order`. */
export function formatKey(key: string): string {
  return key.replaceAll(KEY_SEPARATOR, '/');
}

/** By start, then trace id, then span id: the order in which the store answers, total for distinct spans. */
export function compareNodes(left: SpanNode, right: SpanNode): number {
  if (left.startNs !== right.startNs) return left.startNs < right.startNs ? -1 : 1;
  return left.ref < right.ref ? -1 : left.ref > right.ref ? 1 : 0;
}

/**
 * The causal graph of the spans (tracing-model, section 3). Of spans with the same ids the first counts.
 * The links of supplement spans count as those of the span that they complete.
 */
export function buildGraph(definition: LifecycleDefinition, spans: readonly Span[]): SpanGraph {
  const nodes = new Map<SpanRef, Draft>();
  const named = new Map<string, SpanNode[]>();
  for (const span of spans) {
    const ref = spanRef(span);
    if (nodes.has(ref)) continue;
    const node = draft(definition, ref, span);
    nodes.set(ref, node);
    if (node.key === undefined) continue;
    const others = named.get(node.key);
    if (others) others.push(node);
    else named.set(node.key, [node]);
  }
  for (const node of nodes.values()) moveSupplementLinks(nodes, node);
  for (const node of nodes.values()) connect(definition, nodes, node);
  return { definition, nodes, named };
}

/** The keys, as they are shown, of the lifecycles that begin with one of these spans. */
export function keysBegunBy(definition: LifecycleDefinition, spans: readonly Span[]): string[] {
  const begins = spans.filter(({ name }) => isBeginName(definition, name));
  return [...new Set(begins.flatMap((span) => namedKey(definition, span) ?? []))].map(formatKey);
}

function draft(definition: LifecycleDefinition, ref: SpanRef, span: Span): Draft {
  const byTrace = isKeyedByTrace(definition);
  const key = namedKey(definition, span);
  return {
    ref,
    span,
    startNs: span.startNs,
    endNs: later(span.startNs, span.endNs),
    key,
    begins: key !== undefined && isBeginName(definition, span.name),
    links: span.links.filter(({ traceId }) => !byTrace || traceId === span.traceId),
    memberKeys: undefined,
    causes: [],
    effects: [],
    absent: undefined,
  };
}

function namedKey(
  definition: LifecycleDefinition,
  { traceId, attributes }: Span,
): string | undefined {
  if (isKeyedByTrace(definition)) return traceId;
  const values: string[] = [];
  for (const name of definition.keyAttributes) {
    const value = attributes[name];
    if (value === undefined || typeof value === 'object' || value === '') return undefined;
    values.push(String(value));
  }
  return keyOf(values);
}

function moveSupplementLinks(nodes: ReadonlyMap<SpanRef, Draft>, node: Draft): void {
  if (node.span.attributes[ATTR.supplement] !== true || node.links.length === 0) return;
  const parent = parentOf(nodes, node);
  if (!parent || parent === node) return;
  parent.links.push(...node.links);
  node.links = [];
}

function parentOf(nodes: ReadonlyMap<SpanRef, Draft>, { span }: SpanNode): Draft | undefined {
  if (span.parentSpanId === undefined) return undefined;
  return nodes.get(spanRef({ traceId: span.traceId, spanId: span.parentSpanId }));
}

function connect(
  definition: LifecycleDefinition,
  nodes: ReadonlyMap<SpanRef, Draft>,
  node: Draft,
): void {
  const parent = parentOf(nodes, node);
  if (parent)
    addEdge({ from: parent, to: node, type: 'child', linkType: undefined, attributes: {} });
  const seen = new Set<string>();
  const memberKeys = new Set<string>();
  let joins = false;
  for (const link of node.links) {
    const cause = nodes.get(spanRef(link));
    if (cause?.begins && cause.key !== undefined) memberKeys.add(cause.key);
    joins ||= cause?.begins === true || link.type === definition.quantities?.allocationLinkType;
    const identity = `${spanRef(link)} ${link.type ?? ''}`;
    if (!cause || seen.has(identity)) continue;
    seen.add(identity);
    const { type: linkType, attributes } = link;
    addEdge({ from: cause, to: node, type: 'link', linkType, attributes });
  }
  if (joins) node.memberKeys = memberKeys;
  node.absent = absentCause(nodes, node, parent);
}

function addEdge(edge: CausalEdge & { from: SpanNode; to: SpanNode }): void {
  (edge.from as Draft).effects.push(edge);
  (edge.to as Draft).causes.push(edge);
}

/**
 * The parent, or the target of a link, when it is not here. A link counts only when it is the span's one
 * link of its type: of many inputs to one operation a missing one is most likely another order's.
 */
function absentCause(
  nodes: ReadonlyMap<SpanRef, SpanNode>,
  { span, links }: SpanNode,
  parent: SpanNode | undefined,
): AbsentCause | undefined {
  if (span.parentSpanId !== undefined && !parent) {
    const ref = spanRef({ traceId: span.traceId, spanId: span.parentSpanId });
    return { ref, type: 'parent', linkType: undefined };
  }
  const counts = new Map<string | undefined, number>();
  for (const { type } of links) counts.set(type, (counts.get(type) ?? 0) + 1);
  const link = links.find((one) => counts.get(one.type) === 1 && !nodes.has(spanRef(one)));
  return link && { ref: spanRef(link), type: 'link', linkType: link.type };
}
