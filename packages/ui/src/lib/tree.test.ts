import fc from 'fast-check';
import { expect, test } from 'vitest';
import { treeRows, unfolded } from './tree.ts';

function span(spanId: string, parentSpanId: string | undefined, start: number) {
  return {
    spanId,
    startNs: BigInt(start),
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
  };
}

const trace = [span('c', 'a', 3), span('a', undefined, 1), span('b', 'a', 2), span('d', 'b', 4)];

test('parents come before children and siblings in order of start', () => {
  const rows = treeRows(trace);
  expect(rows.map((row) => [row.span.spanId, row.depth, row.descendants])).toEqual([
    ['a', 0, 3],
    ['b', 1, 1],
    ['d', 2, 0],
    ['c', 1, 0],
  ]);
});

test('folding a span hides everything below it and nothing else', () => {
  const shown = unfolded(treeRows(trace), new Set(['b']));
  expect(shown.map((row) => row.span.spanId)).toEqual(['a', 'b', 'c']);
});

test('a span whose parent is missing is a root and says so', () => {
  const [row] = treeRows([span('x', 'gone', 1)]);
  expect(row).toMatchObject({ depth: 0, orphan: true });
});

test('every span is shown exactly once, whatever the parents say', () => {
  const id = fc.integer({ min: 0, max: 12 });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(id, fc.option(id), id), { selector: ([own]) => own }),
      (list) => {
        const spans = list.map(([own, parent, start]) =>
          span(`${own}`, parent === null ? undefined : `${parent}`, start),
        );
        const rows = treeRows(spans);
        expect(rows.map((row) => row.span.spanId).sort()).toEqual(
          spans.map((s) => s.spanId).sort(),
        );
      },
    ),
  );
});
