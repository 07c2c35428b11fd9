import { ATTR, LINK_TYPE } from '@throughline/model';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph, formatKey, keyOf } from './graph.ts';
import { BATCH, BEGIN_A, exampleSpans, TRACES } from './testing/example.ts';
import { refOf, type SpanSketch, sketchSpan } from './testing/spans.ts';

function nodeOf(sketches: readonly SpanSketch[], id: number) {
  const spans = sketches.map(sketchSpan);
  const node = buildGraph(ORDER_LIFECYCLE, spans).nodes.get(refOf(1, id));
  return node ?? expect.unreachable('there is such a span');
}

test('edges go from cause to effect: parent to child, linked to linking', () => {
  const batch = buildGraph(ORDER_LIFECYCLE, exampleSpans()).nodes.get(BATCH);
  expect(batch?.causes.map(({ from, linkType }) => [from.ref, linkType])).toEqual([
    [BEGIN_A, 'member_of'],
    [refOf(TRACES.b, 1), 'member_of'],
  ]);
  expect(batch?.effects.map(({ to, type }) => [to.ref, type])).toEqual([
    [refOf(TRACES.batch, 2), 'child'],
  ]);
});

test('a key whose parts hold a slash is not mistaken for another', () => {
  expect(keyOf(['a/b', 'c'])).not.toBe(keyOf(['a', 'b/c']));
  expect(formatKey(keyOf(['a/b', 'c']))).toBe('a/b/c');
});

test('only a span that carries all key attributes names an order', () => {
  const at = { trace: 1, id: 1, from: 0, to: 1 };
  expect(nodeOf([{ ...at, attributes: { [ATTR.userId]: 'u' } }], 1).key).toBeUndefined();
  const number = { [ATTR.userId]: 'u', [ATTR.clientOrderId]: 7 };
  expect(nodeOf([{ ...at, attributes: number }], 1).key).toBe(keyOf(['u', '7']));
  const lists = { [ATTR.userId]: ['u'], [ATTR.clientOrderId]: ['o'] };
  expect(nodeOf([{ ...at, attributes: lists }], 1).key).toBeUndefined();
});

test('of spans with the same ids the first counts', () => {
  const at = { trace: 1, id: 1, from: 0, to: 1 };
  expect(
    nodeOf(
      [
        { ...at, name: 'first' },
        { ...at, name: 'second' },
      ],
      1,
    ).span.name,
  ).toBe('first');
});

test('a missing link target is a missing cause only when it is the one link of its type', () => {
  const at = { trace: 1, id: 1, from: 0, to: 1 };
  const lost = (id: number) => ({ trace: 9, id, type: LINK_TYPE.memberOf });
  expect(nodeOf([{ ...at, links: [lost(1)] }], 1).absent).toMatchObject({ type: 'link' });
  expect(nodeOf([{ ...at, links: [lost(1), lost(2)] }], 1).absent).toBeUndefined();
  expect(nodeOf([{ ...at, parent: 5 }], 1).absent).toMatchObject({ type: 'parent' });
});
