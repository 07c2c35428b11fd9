import {
  ATTR,
  type Edge,
  type Lifecycle,
  type LifecycleRow,
  type LifecycleSpan,
  ORDER_SPAN,
  type Quantities,
  type Segment,
  type SegmentKind,
  type Sibling,
  type Span,
  type SpanRef,
  type Stage,
  spanRef,
  type TraceResponse,
  type Warning,
} from '@throughline/model';
import { type Batch, type Fill, keyAttributes, type OrderPlan, spanMaker } from './batch.ts';

const US = 1_000n;
const MS = 1_000_000n;

interface Part {
  readonly toNs: bigint;
  readonly kind: SegmentKind;
  readonly label: string;
  readonly span?: Span;
  readonly edge?: readonly [from: Span, to: Span];
}

/**
 * The critical path of a member, part by part from its begin; `fill` is the one that completed it.
 */
function criticalParts(batch: Batch, member: number, fill: Fill | undefined): Part[] {
  const { received, batching, algorithm, sends } = batch;
  const own = received[member];
  const sent = fill ?? sends[0];
  if (!own || !sent) throw new Error('a member needs an exchange order');
  const lastArrivalNs = received.at(-1)?.processing.endNs ?? 0n;
  const { send, wsSend } = sent;
  const parts: Part[] = [
    { toNs: own.order.endNs, kind: 'work', label: 'gateway', span: own.order },
    {
      toNs: own.processing.startNs,
      kind: 'queue',
      label: 'order queue',
      edge: [own.order, own.processing],
    },
    { toNs: own.processing.endNs, kind: 'work', label: 'order manager', span: own.processing },
    { toNs: lastArrivalNs, kind: 'batch_peer', label: 'batch peers', edge: [own.order, batching] },
    {
      toNs: batching.startNs,
      kind: 'batch_linger',
      label: 'batch linger',
      edge: [own.order, batching],
    },
    { toNs: batching.endNs, kind: 'work', label: 'batching', span: batching },
    {
      toNs: algorithm.startNs,
      kind: 'queue',
      label: 'algorithm queue',
      edge: [batching, algorithm],
    },
    { toNs: send.startNs, kind: 'work', label: 'algorithm', span: algorithm },
    { toNs: send.endNs, kind: 'work', label: 'exchange order', span: send },
    { toNs: wsSend.startNs, kind: 'queue', label: 'send queue', edge: [send, wsSend] },
    { toNs: wsSend.endNs, kind: 'work', label: 'exchange client', span: wsSend },
  ];
  if (!fill) return parts;
  const { recv, received: receipt, match, updates } = fill;
  const update = updates[member];
  if (!update) throw new Error('a fill updates every member');
  const gap = own.plan.flaw === 'gap';
  return [
    ...parts,
    ...(gap
      ? [
          {
            toNs: receipt.startNs,
            kind: 'gap',
            label: 'missing cause',
            edge: [wsSend, receipt],
          } as const,
        ]
      : [
          { toNs: recv.startNs, kind: 'venue', label: 'exchange', edge: [wsSend, recv] } as const,
          { toNs: recv.endNs, kind: 'work', label: 'exchange client', span: recv } as const,
          {
            toNs: receipt.startNs,
            kind: 'network',
            label: 'fill transport',
            edge: [recv, receipt],
          } as const,
        ]),
    { toNs: receipt.endNs, kind: 'work', label: 'fill receipt', span: receipt },
    { toNs: match.startNs, kind: 'queue', label: 'match queue', edge: [receipt, match] },
    { toNs: update.startNs, kind: 'work', label: 'matching', span: match },
    { toNs: update.endNs, kind: 'work', label: 'update', span: update },
  ];
}

function segmentsOf(parts: readonly Part[], beginNs: bigint): Segment[] {
  let fromNs = beginNs;
  return parts.map(({ toNs, kind, label, span, edge }) => {
    const segment = {
      fromNs,
      toNs,
      kind,
      label,
      slackNs: 0n,
      ...(span ? { span: spanRef(span) } : {}),
      ...(edge ? { edge: { from: spanRef(edge[0]), to: spanRef(edge[1]) } } : {}),
    };
    fromNs = toNs;
    return segment;
  });
}

function stagesOf(segments: readonly Segment[]): Stage[] {
  const stages = new Map<string, Stage>();
  for (const { label, kind, fromNs, toNs } of segments) {
    const id = `${kind}:${label}`;
    stages.set(id, { label, kind, ns: (stages.get(id)?.ns ?? 0n) + toNs - fromNs });
  }
  return [...stages.values()];
}

/** Causes and effects among the spans, as their parents and links say. */
function edgesOf(spans: readonly Span[], segments: readonly Segment[]): Edge[] {
  const found = new Map(spans.map((span) => [spanRef(span), span]));
  const worked = new Set(segments.flatMap(({ span }) => span ?? []));
  const waited = new Set(segments.flatMap(({ edge }) => (edge ? `${edge.from}>${edge.to}` : [])));
  /** The critical path goes through a child that lies within its parent without any wait. */
  const nested = (from: SpanRef, to: Span): boolean => {
    const parent = found.get(from);
    return (
      parent !== undefined &&
      worked.has(spanRef(to)) &&
      worked.has(from) &&
      to.startNs < parent.endNs
    );
  };
  return spans.flatMap((span) => {
    const to = spanRef(span);
    const causes = [
      ...(span.parentSpanId === undefined
        ? []
        : [
            {
              from: spanRef({ traceId: span.traceId, spanId: span.parentSpanId }),
              type: 'child' as const,
            },
          ]),
      ...span.links.map((link) => ({
        from: spanRef(link),
        type: 'link' as const,
        linkType: link.type ?? '',
        attributes: link.attributes,
      })),
    ];
    return causes
      .filter(({ from }) => found.has(from))
      .map((cause) => ({
        attributes: {},
        ...cause,
        to,
        slackNs: 0n,
        critical:
          waited.has(`${cause.from}>${to}`) || (cause.type === 'child' && nested(cause.from, span)),
      }));
  });
}

/** The member's spans and the shared ones; with a gap, not the message that completed it. */
function spansOf(batch: Batch, member: number, segments: readonly Segment[]): LifecycleSpan[] {
  const own = batch.received[member];
  if (!own) return [];
  const lost = own.plan.flaw === 'gap' ? batch.fills.at(-1)?.recv : undefined;
  const critical = new Set(segments.flatMap(({ span }) => span ?? []));
  const as = (relevance: 'own' | 'shared') => (span: Span) => ({
    ...span,
    relevance,
    critical: critical.has(spanRef(span)),
  });
  const updates = batch.fills.flatMap((fill) => fill.updates[member] ?? []);
  const shared = [
    batch.batching,
    batch.algorithm,
    ...batch.sends.flatMap(({ send, wsSend }) => [send, wsSend]),
    ...batch.fills.flatMap(({ recv, received, match }) => [recv, received, match]),
  ];
  return [
    ...[own.order, own.processing, ...updates].map(as('own')),
    ...shared.filter((span) => span !== lost).map(as('shared')),
  ];
}

function siblingsOf(batch: Batch, member: number): Sibling[] {
  const shared = [batch.batching, ...batch.fills.map(({ match }) => match)];
  return batch.received.flatMap(({ plan, order, processing }, index) =>
    index === member
      ? []
      : shared.map((via) => ({
          key: `${plan.user}/${plan.order}`,
          span: spanRef(order),
          via: spanRef(via),
          ...(via === batch.batching ? { arrivalNs: processing.endNs } : {}),
        })),
  );
}

function warningsOf(batch: Batch, plan: OrderPlan): Warning[] {
  const last = batch.fills.at(-1);
  if (plan.flaw === 'gap' && last) {
    const message = 'the linked span of exchange_fill_received is not in the store';
    return [{ code: 'missing_link_target', message, span: spanRef(last.received) }];
  }
  if (plan.flaw !== 'not_conserved') return [];
  const message = `allocations sum to ${plan.quantity - 1}, not to ${plan.quantity}`;
  return [{ code: 'not_conserved', message }];
}

/** What the member got; one lot of its first fill is missing where quantities are to be broken. */
function quantitiesOf(batch: Batch, member: number, plan: OrderPlan): Quantities {
  const broken = plan.flaw === 'not_conserved';
  const filled = batch.fills.length > 0;
  return {
    ordered: String(plan.quantity),
    filled: filled ? String(plan.quantity) : '0',
    leaves: filled ? '0' : String(plan.quantity),
    allocations: batch.fills.map((fill, index) => ({
      fillId: fill.id,
      quantity: String((fill.quantities[member] ?? 0) - (broken && index === 0 ? 1 : 0)),
      fillQuantity: String(fill.quantities.reduce((sum, part) => sum + part, 0)),
      price: fill.price,
      match: spanRef(fill.match),
      timeNs: fill.match.startNs,
    })),
    conserved: !broken,
  };
}

/** The lifecycle of one member, as the server would compute it. */
export function lifecycleOf(batch: Batch, member: number): Lifecycle {
  const own = batch.received[member];
  if (!own) throw new Error(`the batch has no member ${member}`);
  const { plan, order } = own;
  const last = batch.fills.at(-1);
  const segments = segmentsOf(criticalParts(batch, member, last), order.startNs);
  const endNs = segments.at(-1)?.toNs ?? order.endNs;
  const spans = spansOf(batch, member, segments);
  const quantities = quantitiesOf(batch, member, plan);
  return {
    name: 'order',
    key: `${plan.user}/${plan.order}`,
    begin: order.startNs,
    end: endNs,
    durationNs: endNs - order.startNs,
    status: last ? 'filled' : 'open',
    complete: last !== undefined && plan.flaw !== 'gap',
    truncated: false,
    warnings: warningsOf(batch, plan),
    attributes: {
      ...order.attributes,
      [ATTR.orderCumQuantity]: quantities.filled,
    },
    spans,
    edges: edgesOf(spans, segments),
    segments,
    stages: stagesOf(segments),
    siblings: siblingsOf(batch, member),
    quantities,
  };
}

/** An order that the order manager refuses: two spans, one of them with an error. */
export function rejectedLifecycle(beginNs: bigint, plan: OrderPlan): Lifecycle {
  const make = spanMaker(7);
  const attributes = {
    ...keyAttributes(plan),
    [ATTR.tradingSymbol]: 'ETHUSDT',
    [ATTR.orderSide]: 'SELL',
    [ATTR.orderQuantity]: String(plan.quantity),
    [ATTR.orderReason]: 'price is not a multiple of the tick size',
    'link.page': 'https://example.com/rules',
    'link.evil': 'javascript:alert(document.domain)',
    'html <b>key</b>': '<img src=x onerror=alert(1)>',
  };
  const order = make({
    name: ORDER_SPAN.clientOrderReceived,
    service: 'wss-server',
    kind: 'server',
    startNs: beginNs,
    lengthNs: 170n * US,
    attributes,
  });
  const processing = make({
    name: ORDER_SPAN.orderManagerProcessing,
    service: 'order-manager',
    kind: 'consumer',
    parent: order,
    startNs: order.endNs + 80n * US,
    lengthNs: 2n * MS,
    attributes: keyAttributes(plan),
    error: 'price is not a multiple of the tick size',
  });
  const segments = segmentsOf(
    [
      { toNs: order.endNs, kind: 'work', label: 'gateway', span: order },
      { toNs: processing.startNs, kind: 'queue', label: 'order queue', edge: [order, processing] },
      { toNs: processing.endNs, kind: 'work', label: 'order manager', span: processing },
    ],
    beginNs,
  );
  const spans = [order, processing].map(
    (span) => ({ ...span, relevance: 'own', critical: true }) as const,
  );
  return {
    name: 'order',
    key: `${plan.user}/${plan.order}`,
    begin: beginNs,
    end: processing.endNs,
    durationNs: processing.endNs - beginNs,
    status: 'rejected',
    complete: true,
    truncated: false,
    warnings: [],
    attributes,
    spans,
    edges: edgesOf(spans, segments),
    segments,
    stages: stagesOf(segments),
    siblings: [],
    quantities: {
      ordered: String(plan.quantity),
      filled: '0',
      leaves: String(plan.quantity),
      allocations: [],
      conserved: true,
    },
  };
}

/** The row that the list shows of a lifecycle. */
export function rowOf(lifecycle: Lifecycle): LifecycleRow {
  const { name, key, begin, end, durationNs, status, complete, attributes, stages } = lifecycle;
  const codes = new Set(lifecycle.warnings.map(({ code }) => code));
  return {
    name,
    key,
    begin,
    end,
    durationNs,
    status,
    complete,
    attributes,
    stages,
    flags: [
      ...(status === 'open' ? (['open'] as const) : []),
      ...(lifecycle.spans.some((span) => span.status.code === 'error') ? (['error'] as const) : []),
      ...(codes.has('missing_link_target') ? (['gap'] as const) : []),
      ...(codes.has('not_conserved') ? (['not_conserved'] as const) : []),
    ],
  };
}

/**
 * The traces that the spans of some lifecycles belong to, with the links that come in from others.
 */
export function tracesOf(lifecycles: readonly Lifecycle[]): Map<string, TraceResponse> {
  const spans = new Map(
    lifecycles.flatMap((each) => each.spans).map((span) => [spanRef(span), span]),
  );
  const byTrace = Map.groupBy(spans.values(), (span) => span.traceId);
  const inbound = Map.groupBy(
    [...spans.values()].flatMap((span) => span.links.map((link) => ({ span, link }))),
    ({ link }) => link.traceId,
  );
  return new Map(
    [...byTrace].map(([traceId, members]) => {
      const orders = members
        .filter((span) => span.name === ORDER_SPAN.clientOrderReceived)
        .map(({ attributes }) => `${attributes[ATTR.userId]}/${attributes[ATTR.clientOrderId]}`);
      const trace = {
        traceId,
        spans: members.sort((left, right) => Number(left.startNs - right.startNs)),
        inboundLinks: (inbound.get(traceId) ?? []).map(({ span, link }) => ({
          targetSpanId: link.spanId,
          traceId: span.traceId,
          spanId: span.spanId,
          ...(link.type === undefined ? {} : { type: link.type }),
          name: span.name,
          service: span.service,
        })),
        orders,
        lifecycles: orders.map((key) => ({ name: 'order', key })),
        truncated: false,
      };
      return [traceId, trace];
    }),
  );
}
