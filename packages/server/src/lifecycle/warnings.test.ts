import { ATTR, ORDER_SPAN } from '@throughline/model';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { refOf, type SpanSketch, sketchSpan } from './testing/spans.ts';

const BEGIN: SpanSketch = {
  ...{ trace: 1, id: 1, name: ORDER_SPAN.clientOrderReceived, from: 100, to: 110 },
  attributes: { [ATTR.userId]: 'u', [ATTR.clientOrderId]: 'o' },
};

function warningsOf(...others: readonly SpanSketch[]) {
  const spans = [BEGIN, ...others].map(sketchSpan);
  return buildLifecycle(buildGraph(ORDER_LIFECYCLE, spans), refOf(1, 1)).warnings;
}

test('spans that are among their own causes are named once', () => {
  const at = { trace: 1, from: 120, to: 130 };
  const warnings = warningsOf(
    { ...at, id: 2, parent: 1, links: [{ trace: 1, id: 4 }] },
    { ...at, id: 3, parent: 2 },
    { ...at, id: 4, parent: 3 },
    { ...at, id: 5, parent: 4 },
  );
  const cycles = warnings.filter(({ code }) => code === 'cycle');
  expect(cycles).toHaveLength(1);
  expect([2, 3, 4].map((id) => refOf(1, id))).toContain(cycles[0]?.span);
});

test('a span that ends before its start, and links that its sender dropped, are named', () => {
  const warnings = warningsOf(
    { trace: 1, id: 2, parent: 1, from: 150, to: 120 },
    { trace: 1, id: 3, parent: 1, from: 150, to: 160, linksDropped: 4 },
  );
  expect(warnings).toMatchObject([
    { code: 'negative_duration', span: refOf(1, 2) },
    { code: 'dropped_links', span: refOf(1, 3), message: 'work lost 4 links' },
  ]);
});

test('what caused the begin is outside the lifecycle, and may be missing', () => {
  const links = [{ trace: 9, id: 9, type: 'client_context' }];
  const spans = [sketchSpan({ ...BEGIN, links, parent: 77 })];
  expect(buildLifecycle(buildGraph(ORDER_LIFECYCLE, spans), refOf(1, 1)).warnings).toEqual([]);
});

test('warnings are bounded', () => {
  const many = Array.from({ length: 300 }, (_, index) => ({
    ...{ trace: 1, id: index + 2, parent: 1, from: 150, to: 120 },
  }));
  expect(warningsOf(...many)).toHaveLength(100);
});
