import { SEGMENT_KINDS } from '@throughline/model';
import { expect, test } from 'vitest';
import { KIND_TEXT, serviceHues, stageFills, stageName } from './palette.ts';

test('neighbouring stages of work differ in shade, waits are told apart by kind alone', () => {
  const stages = [
    { label: 'gateway', kind: 'work', ns: 1n },
    { label: 'queue', kind: 'queue', ns: 1n },
    { label: 'algorithm', kind: 'work', ns: 1n },
  ] as const;
  const fillOf = stageFills(stages);
  expect(stages.map(fillOf)).toEqual([
    { 'data-kind': 'work', 'data-shade': 0 },
    { 'data-kind': 'queue' },
    { 'data-kind': 'work', 'data-shade': 1 },
  ]);
});

test('services get hues in order of their first span', () => {
  const hueOf = serviceHues([
    { service: 'b', startNs: 2n },
    { service: 'a', startNs: 1n },
    { service: 'b', startNs: 3n },
  ]);
  expect([hueOf('a'), hueOf('b')]).toEqual([0, 1]);
});

test('the name of a wait says what kind of wait it is, unless that says the same twice', () => {
  expect(stageName({ label: 'fill', kind: 'queue' })).toBe('fill, queue');
  expect(stageName({ label: 'fill', kind: 'work' })).toBe('fill');
  expect(stageName({ label: 'exchange', kind: 'venue' })).toBe('exchange');
});

test('every kind of segment is explained differently', () => {
  expect(new Set(SEGMENT_KINDS.map((kind) => KIND_TEXT[kind])).size).toBe(SEGMENT_KINDS.length);
});
