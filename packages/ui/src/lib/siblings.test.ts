import { type SpanRef, spanRef } from '@throughline/model';
import { expect, test } from 'vitest';
import { ownArrival, siblingRows } from './siblings.ts';

function ref(number: number): SpanRef {
  const digit = String(number);
  return spanRef({ traceId: digit.repeat(32), spanId: digit.repeat(16) });
}

test('an order that shares a batch and a match is one row, with its earliest arrival', () => {
  const siblings = [
    { key: 'u2/o', span: ref(2), via: ref(9) },
    { key: 'u2/o', span: ref(2), via: ref(8), arrivalNs: 150n },
    { key: 'u2/o', span: ref(2), via: ref(8), arrivalNs: 160n },
  ];
  expect(siblingRows({ siblings, begin: 100n })).toEqual([
    { key: 'u2/o', arrivalNs: 50n, shared: [ref(9), ref(8)] },
  ]);
});

test('rows are sorted by arrival, those without one last', () => {
  const siblings = [
    { key: 'c', span: ref(3), via: ref(8) },
    { key: 'b', span: ref(2), via: ref(8), arrivalNs: 300n },
    { key: 'a', span: ref(1), via: ref(8), arrivalNs: 90n },
  ];
  expect(siblingRows({ siblings, begin: 100n }).map((row) => row.key)).toEqual(['a', 'b', 'c']);
});

test('an order arrives at its batch where its wait for the batch begins', () => {
  const wait = { kind: 'batch_peer', label: 'batch', slackNs: 0n, toNs: 900n } as const;
  expect(ownArrival({ begin: 100n, segments: [{ ...wait, fromNs: 400n }] })).toBe(300n);
  expect(ownArrival({ begin: 100n, segments: [] })).toBeUndefined();
});
