import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clampWindow,
  formatOffset,
  panWindow,
  positionOf,
  spanOf,
  ticksOf,
  WINDOW_MIN_NS,
  zoomWindow,
} from './time-scale.ts';

const bounds = { fromNs: 0, toNs: 1_000_000 };

test('zooming keeps the point under the pointer in place', () => {
  const window = { fromNs: 200_000, toNs: 600_000 };
  const zoomed = zoomWindow(window, 0.5, 300_000, bounds);
  expect(positionOf(300_000, zoomed)).toBeCloseTo(positionOf(300_000, window));
  expect(spanOf(zoomed)).toBe(200_000);
});

test('no zoom and no pan leaves the bounds or becomes narrower than can be shown', () => {
  const point = fc.integer({ min: -2_000_000, max: 3_000_000 });
  fc.assert(
    fc.property(
      point,
      point,
      fc.double({ min: 0.001, max: 50, noNaN: true }),
      point,
      (a, b, factor, by) => {
        const start = clampWindow({ fromNs: Math.min(a, b), toNs: Math.max(a, b) }, bounds);
        const at = start.fromNs + spanOf(start) / 3;
        for (const window of [
          start,
          zoomWindow(start, factor, at, bounds),
          panWindow(start, by, bounds),
        ]) {
          expect(window.fromNs).toBeGreaterThanOrEqual(-1e-6);
          expect(window.toNs).toBeLessThanOrEqual(bounds.toNs + 1e-6);
          expect(spanOf(window)).toBeGreaterThanOrEqual(WINDOW_MIN_NS - 1e-6);
        }
      },
    ),
  );
});

test('panning keeps the width and stops at the edge', () => {
  expect(panWindow({ fromNs: 0, toNs: 1000 }, -500, bounds)).toEqual({ fromNs: 0, toNs: 1000 });
  expect(panWindow({ fromNs: 0, toNs: 1000 }, 500, bounds)).toEqual({ fromNs: 500, toNs: 1500 });
});

test('ticks are round, inside the window and labelled in one unit', () => {
  expect(ticksOf({ fromNs: 0, toNs: 1_200_000_000 }, 6).map((tick) => tick.label)).toEqual([
    '0',
    '0.2 s',
    '0.4 s',
    '0.6 s',
    '0.8 s',
    '1.0 s',
    '1.2 s',
  ]);
  expect(ticksOf({ fromNs: 1_500, toNs: 2_500 }, 5).map((tick) => tick.label)).toEqual([
    '1.6 µs',
    '1.8 µs',
    '2.0 µs',
    '2.2 µs',
    '2.4 µs',
  ]);
});

test('the number of ticks is bounded for any window', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e15 }),
      fc.integer({ min: 50, max: 1e15 }),
      (fromNs, width) => {
        expect(ticksOf({ fromNs, toNs: fromNs + width }, 8).length).toBeLessThanOrEqual(9);
      },
    ),
  );
});

test('an offset carries its sign', () => {
  expect(formatOffset(1_200_000n)).toBe('+1.200 ms');
  expect(formatOffset(-50n)).toBe('-50 ns');
});
