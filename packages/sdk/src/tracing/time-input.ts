import type { HrTime, TimeInput } from '@opentelemetry/api';

/**
 * The time that a caller gave: seconds and nanoseconds, a `Date`, milliseconds since the epoch, or
 * milliseconds of `performance.now`, which are those far below the time at which the process began.
 *
 * @returns `undefined` for whatever is none of these
 */
export function hrTimeOf(time: unknown): HrTime | undefined {
  if (isHrTime(time)) return time;
  if (time instanceof Date) return fromMs(time.getTime());
  if (typeof time !== 'number') return undefined;
  return time < performance.timeOrigin / 2 ? sinceOrigin(time) : fromMs(time);
}

export function isTimeInput(value: unknown): value is TimeInput {
  return isHrTime(value) || typeof value === 'number' || value instanceof Date;
}

function isHrTime(value: unknown): value is HrTime {
  if (!Array.isArray(value) || value.length !== 2) return false;
  return typeof value[0] === 'number' && typeof value[1] === 'number';
}

function fromMs(ms: number): HrTime {
  return [Math.trunc(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
}

/** Added in parts: a double of the sum has no nanoseconds left. */
function sinceOrigin(ms: number): HrTime {
  const [originS, originNs] = fromMs(performance.timeOrigin);
  const [seconds, nanos] = fromMs(ms);
  const sumNs = originNs + nanos;
  return sumNs < 1e9 ? [originS + seconds, sumNs] : [originS + seconds + 1, sumNs - 1e9];
}
