import { LINK_TYPE, type SegmentKind, type SpanKind } from '@throughline/model';
import { expect, test } from 'vitest';
import { stageLabel, waitKind } from './attribution.ts';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph, type CausalEdge, type SpanNode } from './graph.ts';
import { refOf, sketchSpan } from './testing/spans.ts';

interface End {
  readonly kind: SpanKind;
  readonly host?: string;
}

function edgeOf(cause: End, effect: End, linkType?: string): CausalEdge {
  const link = linkType === undefined ? [] : [{ trace: 1, id: 1, type: linkType }];
  const parent = linkType === undefined ? 1 : undefined;
  const spans = [
    sketchSpan({ ...cause, trace: 1, id: 1, from: 0, to: 10 }),
    sketchSpan({ ...effect, trace: 1, id: 2, parent, from: 20, to: 30, links: link }),
  ];
  const [edge] = nodeOf(spans, 2).causes;
  if (!edge) return expect.unreachable('there is one edge');
  return edge;
}

function nodeOf(spans: Parameters<typeof buildGraph>[1], id: number): SpanNode {
  const node = buildGraph(ORDER_LIFECYCLE, spans).nodes.get(refOf(1, id));
  return node ?? expect.unreachable('there is such a span');
}

const here = { host: 'a' };
const there = { host: 'b' };

test.each<[string, CausalEdge, SegmentKind]>([
  ['a channel', edgeOf({ kind: 'producer' }, { kind: 'consumer' }), 'queue'],
  ['a worker', edgeOf({ kind: 'server', ...here }, { kind: 'consumer', ...here }), 'queue'],
  ['a later turn', edgeOf({ kind: 'internal' }, { kind: 'internal' }), 'queue'],
  ['a received frame', edgeOf({ kind: 'consumer' }, { kind: 'consumer' }, 'received_by'), 'queue'],
  ['a broker', edgeOf({ kind: 'producer', ...here }, { kind: 'consumer', ...there }), 'network'],
  ['a half known pair', edgeOf({ kind: 'producer', ...here }, { kind: 'consumer' }), 'queue'],
  ['a call', edgeOf({ kind: 'client', ...here }, { kind: 'server', ...here }), 'network'],
  [
    'an answer',
    edgeOf({ kind: 'client', ...here }, { kind: 'consumer', ...there }, LINK_TYPE.responseTo),
    'venue',
  ],
  ['a rest', edgeOf({ kind: 'server' }, { kind: 'server' }, LINK_TYPE.amends), 'venue'],
])('%s has its own kind of wait', (_, edge, kind) => {
  expect(waitKind(edge)).toBe(kind);
});

test('a stage is named by the definition, else by the service', () => {
  const at = { trace: 1, id: 1, from: 0, to: 1, service: 'risk' };
  const labelOf = (name: string) =>
    stageLabel(ORDER_LIFECYCLE, nodeOf([sketchSpan({ ...at, name })], 1));
  expect(labelOf('fill_matching')).toBe('matching');
  expect(labelOf('check_limits')).toBe('risk');
  expect(labelOf('constructor')).toBe('risk');
});
