const UNITS = [
  { suffix: 'TB', bytes: 1e12 },
  { suffix: 'GB', bytes: 1e9 },
  { suffix: 'MB', bytes: 1e6 },
  { suffix: 'kB', bytes: 1e3 },
] as const;

/** What three digits round up to the next unit. */
const ROUNDED_UP = 0.9995;

/** A size for people: three digits in the largest unit that fits, such as `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const unit = UNITS.find((candidate) => bytes >= candidate.bytes * ROUNDED_UP);
  if (!unit) return `${Math.round(bytes)} B`;
  return `${Number((bytes / unit.bytes).toPrecision(3))} ${unit.suffix}`;
}
