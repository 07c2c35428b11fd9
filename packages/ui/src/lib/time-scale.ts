import { formatDuration } from '@throughline/model';

/**
 * A stretch of time on screen, in ns from the page's origin. Offsets within one order or trace fit
 * a double exactly (2^53 ns are 104 days); points in time would not.
 */
export interface TimeWindow {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Closer than this there is nothing to see: spans are measured in nanoseconds at best. */
export const WINDOW_MIN_NS = 50;

export function spanOf({ fromNs, toNs }: TimeWindow): number {
  return toNs - fromNs;
}

/**
 * The window moved and shrunk so that it lies in `bounds` and is not narrower than can be shown.
 */
export function clampWindow(window: TimeWindow, bounds: TimeWindow): TimeWindow {
  const width = Math.min(Math.max(spanOf(window), WINDOW_MIN_NS), spanOf(bounds));
  const middle = (window.fromNs + window.toNs) / 2;
  const wanted = spanOf(window) < WINDOW_MIN_NS ? middle - width / 2 : window.fromNs;
  const fromNs = Math.min(Math.max(wanted, bounds.fromNs), bounds.toNs - width);
  return { fromNs, toNs: fromNs + width };
}

/** Zooms in (`factor` < 1) or out (> 1); what is at `atNs` stays where it is on screen. */
export function zoomWindow(
  window: TimeWindow,
  factor: number,
  atNs: number,
  bounds: TimeWindow,
): TimeWindow {
  const width = Math.max(spanOf(window) * factor, WINDOW_MIN_NS);
  const share = (atNs - window.fromNs) / spanOf(window);
  const fromNs = atNs - share * width;
  return clampWindow({ fromNs, toNs: fromNs + width }, bounds);
}

export function panWindow(window: TimeWindow, byNs: number, bounds: TimeWindow): TimeWindow {
  return clampWindow({ fromNs: window.fromNs + byNs, toNs: window.toNs + byNs }, bounds);
}

/** Where a point lies in the window: 0 at its left edge, 1 at its right, beyond when outside. */
export function positionOf(ns: number, window: TimeWindow): number {
  return (ns - window.fromNs) / spanOf(window);
}

export interface Tick {
  readonly ns: number;
  readonly label: string;
}

/**
 * The step of 1, 2 or 5 times a power of ten that divides `width` into at most `countMax` parts.
 */
function stepOf(width: number, countMax: number): number {
  const power = 10 ** Math.floor(Math.log10(width / countMax));
  const step = [1, 2, 5, 10].find((factor) => width / (power * factor) <= countMax) ?? 10;
  return Math.max(1, power * step);
}

function formatTick(ns: number, stepNs: number): string {
  if (ns === 0) return '0';
  const [unitNs, suffix] =
    stepNs >= 1e8
      ? [1e9, 's']
      : stepNs >= 1e5
        ? [1e6, 'ms']
        : stepNs >= 100
          ? [1e3, 'µs']
          : [1, 'ns'];
  const decimals = Math.max(0, Math.ceil(-Math.log10(stepNs / unitNs)));
  return `${(ns / unitNs).toFixed(decimals)} ${suffix}`;
}

/** Round points in time for an axis, left to right. */
export function ticksOf(window: TimeWindow, countMax: number): Tick[] {
  const step = stepOf(spanOf(window), countMax);
  const ticks: Tick[] = [];
  for (let index = Math.ceil(window.fromNs / step); index * step <= window.toNs; index++) {
    ticks.push({ ns: index * step, label: formatTick(index * step, step) });
  }
  return ticks;
}

/** An offset from the begin for people, such as `+1.200 ms`. */
export function formatOffset(ns: bigint): string {
  return ns < 0n ? formatDuration(ns) : `+${formatDuration(ns)}`;
}
