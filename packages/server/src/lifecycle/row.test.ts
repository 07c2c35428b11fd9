import { ATTR, lifecycleRowSchema } from '@throughline/model';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { lifecycleRow } from './row.ts';
import { BEGIN_A, exampleSpans, TRACES } from './testing/example.ts';

type Change = Parameters<typeof exampleSpans>[0];

function rowOf(change?: Change, readTruncated = false) {
  const graph = buildGraph(ORDER_LIFECYCLE, exampleSpans(change));
  return lifecycleRow(buildLifecycle(graph, BEGIN_A, { readTruncated }));
}

test('a row is the lifecycle without its graph, as the HTTP contract says', () => {
  const row = rowOf();
  expect(row).toMatchObject({ key: 'u1/o1', status: 'filled', durationNs: 1155n, flags: [] });
  expect(lifecycleRowSchema.decode(lifecycleRowSchema.encode(row))).toEqual(row);
});

test('flags say what is remarkable', () => {
  const open: Change = (sketch) => (sketch.trace === TRACES.match2 ? undefined : sketch);
  const gap: Change = (sketch) => (sketch.trace === TRACES.recv2 ? undefined : sketch);
  const broken: Change = (sketch) =>
    sketch.attributes?.[ATTR.fillId] === 'f1'
      ? { ...sketch, attributes: { ...sketch.attributes, [ATTR.fillQuantity]: '6' } }
      : sketch;
  expect(rowOf(open).flags).toEqual(['open']);
  expect(rowOf(gap).flags).toEqual(['gap']);
  expect(rowOf(broken).flags).toEqual(['not_conserved']);
  expect(rowOf(undefined, true).flags).toEqual(['truncated']);
});

test('an error anywhere in the lifecycle is flagged', () => {
  const spans = exampleSpans().map((span) =>
    span.name === 'exchange_order_send'
      ? { ...span, status: { code: 'error' as const, message: 'refused' } }
      : span,
  );
  const lifecycle = buildLifecycle(buildGraph(ORDER_LIFECYCLE, spans), BEGIN_A);
  expect(lifecycleRow(lifecycle).flags).toEqual(['error']);
});
