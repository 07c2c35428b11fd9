import type { Stage } from '@throughline/model';
import { expect, test } from 'vitest';
import { sumCheck, timeByKind } from './attribution.ts';

const stages: Stage[] = [
  { label: 'gateway', kind: 'work', ns: 30n },
  { label: 'batch', kind: 'batch_peer', ns: 50n },
  { label: 'algorithm', kind: 'work', ns: 40n },
  { label: 'exchange', kind: 'venue', ns: 0n },
];

test('the sum is exact to the nanosecond or it is not exact', () => {
  expect(sumCheck(stages, 120n)).toEqual({ sumNs: 120n, exact: true });
  expect(sumCheck(stages, 121n)).toEqual({ sumNs: 120n, exact: false });
});

test('time by kind is sorted by length and leaves out what took none', () => {
  expect(timeByKind(stages)).toEqual([
    { kind: 'work', ns: 70n },
    { kind: 'batch_peer', ns: 50n },
  ]);
});
