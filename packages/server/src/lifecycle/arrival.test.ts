import { ATTR, LINK_TYPE, ORDER_SPAN, type Span } from '@throughline/model';
import { expect, test } from 'vitest';
import { arrivalsAt } from './arrival.ts';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { BATCH, BEGIN_A, exampleSpans, TRACES } from './testing/example.ts';
import { refOf, sketchSpan } from './testing/spans.ts';

const KEY = { [ATTR.userId]: 'u1', [ATTR.clientOrderId]: 'o1' };

/** When the first member arrives at the example's batch, and with which span. */
function arrivalOfA(spans: readonly Span[]) {
  const batch = buildGraph(ORDER_LIFECYCLE, spans).nodes.get(BATCH);
  if (!batch) return expect.unreachable('there is a batch');
  const arrivals = arrivalsAt(batch).filter(({ edge }) => edge?.from.ref === BEGIN_A);
  const last = arrivals.reduce((best, next) => (next.atNs > best.atNs ? next : best));
  return { ref: last.node.ref, atNs: last.atNs };
}

test('a member arrives with the latest end of what follows from it before the batch', () => {
  expect(arrivalOfA(exampleSpans())).toEqual({ ref: refOf(TRACES.a, 2), atNs: 1200n });
});

test('a member that is still at work when the batch starts arrives then', () => {
  const spans = exampleSpans((sketch) =>
    sketch.trace === TRACES.a && sketch.id === 2 ? { ...sketch, to: 1480 } : sketch,
  );
  expect(arrivalOfA(spans)).toEqual({ ref: refOf(TRACES.a, 2), atNs: 1470n });
});

test('what follows from the batch, or belongs to another order, is no part of the arrival', () => {
  const early = { name: 'early', from: 1300, to: 1400 };
  const spans = exampleSpans().concat(
    sketchSpan({ ...early, trace: TRACES.match1, id: 20, parent: 1, attributes: KEY }),
    sketchSpan({
      ...{ ...early, trace: TRACES.a, id: 20, parent: 1 },
      attributes: { [ATTR.userId]: 'u2', [ATTR.clientOrderId]: 'o2' },
    }),
  );
  expect(arrivalOfA(spans)).toEqual({ ref: refOf(TRACES.a, 2), atNs: 1200n });
});

test('a batch of batches waits for the last span of each batch', () => {
  const links = [{ trace: TRACES.batch, id: 1, type: LINK_TYPE.memberOf }];
  const outer = sketchSpan({ trace: 80, id: 1, name: 'super_batch', from: 1710, to: 1711, links });
  const node = buildGraph(ORDER_LIFECYCLE, [...exampleSpans(), outer]).nodes.get(refOf(80, 1));
  const names = new Set(node && arrivalsAt(node).map((arrival) => arrival.node.span.name));
  expect(names.has(ORDER_SPAN.algorithmProcessing)).toBe(true);
  expect(names.has(ORDER_SPAN.externalExchangeWsRecv)).toBe(false);
});
