import {
  type Edge,
  type LifecycleSpan,
  type SpanLink,
  type SpanRef,
  spanRef,
} from '@throughline/model';

/** What a test says about a span; the rest is filled in. Ids are numbers, times are ns. */
export interface SpanInput {
  readonly id: number;
  readonly trace?: number;
  readonly parent?: number;
  readonly name?: string;
  readonly service?: string;
  readonly from?: number;
  readonly to?: number;
  readonly critical?: boolean;
  readonly links?: readonly SpanLink[];
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}

export function refOf(trace: number, id: number): SpanRef {
  return spanRef({ traceId: hex(trace, 32), spanId: hex(id, 16) });
}

export function spanOf(input: SpanInput): LifecycleSpan {
  return {
    traceId: hex(input.trace ?? 1, 32),
    spanId: hex(input.id, 16),
    ...(input.parent === undefined ? {} : { parentSpanId: hex(input.parent, 16) }),
    name: input.name ?? 'work',
    kind: 'internal',
    service: input.service ?? 'service',
    host: '',
    startNs: BigInt(input.from ?? 0),
    endNs: BigInt(input.to ?? 10),
    status: { code: 'unset', message: '' },
    attributes: {},
    resource: {},
    scope: { name: '', version: '' },
    events: [],
    links: [...(input.links ?? [])],
    dropped: { attributes: 0, events: 0, links: 0 },
    relevance: 'own',
    critical: input.critical ?? false,
  };
}

export function edgeOf(from: LifecycleSpan, to: LifecycleSpan, linkType?: string): Edge {
  return {
    from: spanRef(from),
    to: spanRef(to),
    type: linkType === undefined ? 'child' : 'link',
    ...(linkType === undefined ? {} : { linkType }),
    attributes: {},
    slackNs: 0n,
    critical: from.critical && to.critical,
  };
}
