import { z } from 'zod';
import { ThroughlineError } from './errors.ts';

/**
 * A point in time (since the Unix epoch) or a stretch of it, in integer nanoseconds. In memory a
 * bigint, in JSON a decimal string: a double is exact only up to 2^53, which is 104 days of ns.
 */
export const nanosecondsSchema = z.codec(
  z.string().regex(/^-?\d{1,19}$/, 'nanoseconds are a decimal string'),
  z.bigint(),
  { decode: (text) => BigInt(text), encode: (ns) => ns.toString() },
);

const NS_PER_US = 1_000n;
export const NS_PER_MS = 1_000_000n;
export const NS_PER_S = 1_000_000_000n;

/**
 * Parses a time given by a person or a client: RFC 3339, or an integer whose magnitude tells its unit
 * (s below 1e11, ms below 1e14, us below 1e17, else ns: right for the years 1973 to 5138).
 *
 * @returns nanoseconds since the Unix epoch
 * @throws ThroughlineError `TL_BAD_REQUEST` when it is neither
 */
export function parseTime(text: string): bigint {
  const trimmed = text.trim();
  if (/^\d{1,19}$/.test(trimmed)) {
    const value = BigInt(trimmed);
    if (value < 100_000_000_000n) return value * NS_PER_S;
    if (value < 100_000_000_000_000n) return value * NS_PER_MS;
    if (value < 100_000_000_000_000_000n) return value * NS_PER_US;
    return value;
  }
  const match =
    /^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/.exec(
      trimmed,
    );
  const ms = match ? Date.parse(`${match[1]?.replace(' ', 'T')}${match[3]}`) : Number.NaN;
  if (!match || Number.isNaN(ms)) {
    throw new ThroughlineError(
      'TL_BAD_REQUEST',
      `not a time: ${JSON.stringify(text.slice(0, 64))}`,
      {
        hint: 'Use RFC 3339 (2026-01-31T09:30:00.000000001Z) or an integer of ns, us, ms or s.',
      },
    );
  }
  return BigInt(ms) * NS_PER_MS + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** RFC 3339 in UTC with all nine digits of the nanoseconds. */
export function formatTime(ns: bigint): string {
  const seconds = ns / NS_PER_S;
  const iso = new Date(Number(seconds * 1000n)).toISOString();
  return `${iso.slice(0, 19)}.${(ns % NS_PER_S).toString().padStart(9, '0')}Z`;
}

const UNITS = [
  { suffix: 's', ns: NS_PER_S },
  { suffix: 'ms', ns: NS_PER_MS },
  { suffix: 'µs', ns: NS_PER_US },
] as const;

/** A duration for people: four significant digits in the largest fitting unit, such as `12.34 ms`. */
export function formatDuration(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const size = ns < 0n ? -ns : ns;
  const unit = UNITS.find((candidate) => size >= candidate.ns);
  if (!unit) return `${sign}${size} ns`;
  const value = Number(size) / Number(unit.ns);
  const decimals = value >= 100 ? 1 : value >= 10 ? 2 : 3;
  return `${sign}${value.toFixed(decimals)} ${unit.suffix}`;
}

const AGE_UNITS = [
  { suffix: 'd', ns: 86_400n * NS_PER_S },
  { suffix: 'h', ns: 3_600n * NS_PER_S },
  { suffix: 'min', ns: 60n * NS_PER_S },
] as const;

/** How long something lasts or is past, roughly: the largest unit that fits, such as `3 min`. */
export function formatAge(ns: bigint): string {
  const age = ns < 0n ? 0n : ns;
  const unit = AGE_UNITS.find((candidate) => age >= candidate.ns);
  return unit ? `${age / unit.ns} ${unit.suffix}` : `${age / NS_PER_S} s`;
}

/** Now, since the Unix epoch: the wall clock's millisecond refined by the monotonic clock. */
export function nowNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * NS_PER_US;
}
