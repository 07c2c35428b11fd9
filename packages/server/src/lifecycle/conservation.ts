import {
  type Allocation,
  type Attributes,
  addDecimals,
  type Decimal,
  formatDecimal,
  isDecimal,
  type LifecycleDefinition,
  parseDecimal,
  type Quantities,
  spanRef,
  subtractDecimals,
  type Warning,
} from '@throughline/model';
import type { Cone } from './cone.ts';
import { compareNodes, type SpanGraph, type SpanNode } from './graph.ts';

type QuantityNames = NonNullable<LifecycleDefinition['quantities']>;

/** A span that allocates a fill to begin spans, with what could be read of it. */
interface Match {
  readonly node: SpanNode;
  readonly fills: readonly SpanNode[];
  /** Undefined when a fill, or a link, is not in the store: then nothing can be said of its sum. */
  readonly fillQuantity: Decimal | undefined;
  readonly allocated: Decimal;
  /** The part of this lifecycle. */
  readonly own: Decimal;
}

const ZERO: Decimal = { units: 0n, scale: 0 };

/** How a lifecycle ends, as far as its quantities need to know. */
export interface Outcome {
  /** The end span, or the last one that told a quantity. */
  readonly node: SpanNode | undefined;
  readonly terminal: boolean;
}

/**
 * What became of the quantity asked for (tracing-model, section 4). In exact decimals: each fill's
 * allocations sum to its quantity, and those of a lifecycle that ended to the quantity that its end span
 * tells, which is not more than was asked for. A break is a warning `not_conserved`; what a lost span
 * makes impossible to check is none.
 *
 * @returns `undefined` when the begin span tells no quantity
 */
export function conserve(
  graph: SpanGraph,
  cone: Cone,
  outcome: Outcome,
): { quantities: Quantities; warnings: Warning[] } | undefined {
  const names = graph.definition.quantities;
  const ordered = names && decimalOf(cone.begin.span.attributes, names.orderedAttribute);
  if (!names || !ordered) return undefined;
  const warnings: Warning[] = [];
  const broken = (node: SpanNode, message: string) =>
    warnings.push({ code: 'not_conserved', message, span: node.ref });

  const matches = matchesOf(graph, cone, names);
  let allocated = ZERO;
  for (const match of matches) {
    allocated = addDecimals(allocated, match.own);
    const { node, fillQuantity } = match;
    if (!fillQuantity || isEqual(match.allocated, fillQuantity)) continue;
    const [sum, fill] = [formatDecimal(match.allocated), formatDecimal(fillQuantity)];
    broken(node, `allocations of ${sum} do not sum to the fill of ${fill}`);
  }
  const told = outcome.node && decimalOf(outcome.node.span.attributes, names.filledAttribute);
  const filled = told ?? (outcome.terminal ? allocated : ZERO);
  if (outcome.terminal && outcome.node && cone.cut === undefined) {
    if (!told) broken(outcome.node, `${names.filledAttribute} is not a decimal`);
    const [sum, total] = [formatDecimal(allocated), formatDecimal(filled)];
    if (sum !== total) broken(outcome.node, `allocations of ${sum} do not sum to ${total} filled`);
  }
  const leaves = subtractDecimals(ordered, filled);
  if (leaves.units < 0n) broken(outcome.node ?? cone.begin, 'more was filled than was ordered');
  return {
    quantities: {
      ordered: formatDecimal(ordered),
      filled: formatDecimal(filled),
      leaves: formatDecimal(leaves),
      allocations: matches.flatMap((match) => allocationOf(names, match)),
      conserved: warnings.length === 0,
    },
    warnings,
  };
}

/** The spans of the cone that allocate, by time. */
function matchesOf(graph: SpanGraph, cone: Cone, names: QuantityNames): Match[] {
  const matches: Match[] = [];
  for (const node of [...cone.relevance.keys()].sort(compareNodes)) {
    const links = node.links.filter(({ type }) => type === names.allocationLinkType);
    if (links.length === 0) continue;
    let allocated = ZERO;
    let own = ZERO;
    for (const link of links) {
      const quantity = decimalOf(link.attributes, names.fillQuantityAttribute) ?? ZERO;
      allocated = addDecimals(allocated, quantity);
      const target = graph.nodes.get(spanRef(link));
      if (target?.begins && target.key === cone.key) own = addDecimals(own, quantity);
    }
    const { fills, fillQuantity } = fillOf(graph, node, names);
    matches.push({ node, fills, fillQuantity, allocated, own });
  }
  return matches;
}

function fillOf(
  graph: SpanGraph,
  node: SpanNode,
  names: QuantityNames,
): Pick<Match, 'fills' | 'fillQuantity'> {
  const fills: SpanNode[] = [];
  let fillQuantity: Decimal | undefined = ZERO;
  for (const link of node.links) {
    if (link.type !== names.fillLinkType) continue;
    const fill = graph.nodes.get(spanRef(link));
    const isFill = fill?.span.name === names.fillSpan;
    if (isFill) fills.push(fill);
    const quantity = isFill
      ? decimalOf(fill.span.attributes, names.fillQuantityAttribute)
      : undefined;
    fillQuantity = quantity && fillQuantity && addDecimals(fillQuantity, quantity);
  }
  const known = fills.length > 0 && node.span.dropped.links === 0;
  return { fills, fillQuantity: known ? fillQuantity : undefined };
}

/** None for a match that gives this lifecycle nothing, as one that only closes it. */
function allocationOf(names: QuantityNames, match: Match): Allocation[] {
  const { node, fills, own } = match;
  if (own.units === 0n) return [];
  const attributes = fills[0]?.span.attributes ?? node.span.attributes;
  return [
    {
      fillId: textOf(attributes, names.fillIdAttribute),
      quantity: formatDecimal(own),
      fillQuantity: formatDecimal(match.fillQuantity ?? match.allocated),
      price: textOf(attributes, names.fillPriceAttribute),
      match: node.ref,
      timeNs: node.startNs,
    },
  ];
}

function textOf(attributes: Attributes, name: string): string {
  const value = attributes[name];
  return value === undefined ? '' : String(value);
}

function decimalOf(attributes: Attributes, name: string): Decimal | undefined {
  const text = textOf(attributes, name);
  return isDecimal(text) ? parseDecimal(text) : undefined;
}

function isEqual(left: Decimal, right: Decimal): boolean {
  return subtractDecimals(left, right).units === 0n;
}
