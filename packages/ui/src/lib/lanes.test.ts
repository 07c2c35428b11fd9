import { spanRef } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refOf, spanOf } from '../testing/spans.ts';
import { layoutLanes, OPERATION_LINES_MAX, segmentsByOwner, visibleBars } from './lanes.ts';

test('services come in order of their first span, operations in order of theirs', () => {
  const lanes = layoutLanes(
    [
      spanOf({ id: 3, service: 'algorithm', name: 'match', from: 50 }),
      spanOf({ id: 2, service: 'gateway', name: 'update', from: 60 }),
      spanOf({ id: 1, service: 'gateway', name: 'receive', from: 10 }),
    ],
    10n,
  );
  expect(lanes.map((lane) => [lane.service, lane.lines.map((line) => line.operation)])).toEqual([
    ['gateway', ['receive', 'update']],
    ['algorithm', ['match']],
  ]);
  expect(lanes[0]?.lines[0]?.bars[0]).toMatchObject({ fromNs: 0 });
});

test('spans of one operation that overlap are drawn in lines below each other', () => {
  const [lane] = layoutLanes(
    [
      spanOf({ id: 1, from: 0, to: 100 }),
      spanOf({ id: 2, from: 50, to: 150 }),
      spanOf({ id: 3, from: 100, to: 120 }),
    ],
    0n,
  );
  expect(lane?.lines.map((line) => [line.first, line.bars.length])).toEqual([
    [true, 2],
    [false, 1],
  ]);
});

test('every span is drawn once, and an operation never takes more than its lines', () => {
  const time = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(fc.array(fc.tuple(time, time), { maxLength: 60 }), (times) => {
      const spans = times.map(([from, length], id) =>
        spanOf({ id: id + 1, from, to: from + length }),
      );
      const lines = layoutLanes(spans, 0n).flatMap((lane) => lane.lines);
      const drawn = lines.flatMap((line) => line.bars.map((bar) => bar.ref));
      expect(drawn.sort()).toEqual(spans.map(spanRef).sort());
      expect(lines.length).toBeLessThanOrEqual(OPERATION_LINES_MAX);
    }),
  );
});

test('of bars on the same pixel only the first is drawn, and those that must be kept', () => {
  const spans = Array.from({ length: 100 }, (_, id) =>
    spanOf({ id: id + 1, from: id * 2, to: id * 2 + 1 }),
  );
  const bars = layoutLanes(spans, 0n)[0]?.lines[0]?.bars ?? [];
  const window = { fromNs: 0, toNs: 200 };
  expect(visibleBars(bars, window, 1, () => false)).toHaveLength(100);
  expect(visibleBars(bars, window, 50, () => false).length).toBeLessThan(10);
  const kept = visibleBars(bars, window, 50, (bar) => bar.ref === refOf(1, 42));
  expect(kept.map((bar) => bar.ref)).toContain(refOf(1, 42));
});

test('bars outside the window are not drawn', () => {
  const bars = layoutLanes([spanOf({ id: 1, from: 0, to: 10 })], 0n)[0]?.lines[0]?.bars ?? [];
  expect(visibleBars(bars, { fromNs: 20, toNs: 30 }, 1, () => false)).toEqual([]);
});

test('a wait is drawn with the span that waited, work with the span that worked', () => {
  const common = { label: '', slackNs: 0n };
  const wait = {
    ...common,
    kind: 'queue',
    fromNs: 0n,
    toNs: 5n,
    edge: { from: refOf(1, 1), to: refOf(1, 2) },
  } as const;
  const work = { ...common, kind: 'work', fromNs: 5n, toNs: 9n, span: refOf(1, 2) } as const;
  expect(segmentsByOwner([wait, work])).toEqual(new Map([[refOf(1, 2), [wait, work]]]));
});
