import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agesOf, BUCKET_TABLES, type BucketTable } from './limits.ts';
import { dueByAge, oldestBucket, type Partition, tableSizes } from './plan.ts';

const DAY_S = 86_400;
const TODAY_S = 1_699_920_000;
const WEEK = agesOf({ ageMs: 7 * DAY_S * 1_000, diskBytesMax: 1e9 });

/** What the tables hold of the bucket that began so many days ago and was written until it ended. */
function bucket(daysAgo: number, tables: readonly BucketTable[] = BUCKET_TABLES): Partition[] {
  const bucketS = TODAY_S - daysAgo * DAY_S;
  const writtenMs = (bucketS + DAY_S) * 1_000;
  return tables.map((table) => ({ table, bucketS, rows: 10, bytes: 100, writtenMs }));
}

const NOON = {
  nowMs: (TODAY_S + DAY_S / 2) * 1_000,
  currentS: TODAY_S,
  waiting: new Set<number>(),
};
const daysOf = (due: { bucketS: number }[]) =>
  due.map(({ bucketS }) => (TODAY_S - bucketS) / DAY_S);

test('a bucket goes when the last of it is older than the age', () => {
  const days = Array.from({ length: 12 }, (_, daysAgo) => bucket(daysAgo)).flat();
  expect(daysOf(dueByAge(days, WEEK, NOON))).toEqual([11, 10, 9, 8]);
});

test('a bucket after which nothing came ends when it was last written, not when the next one began', () => {
  const quiet = bucket(9).map((partition) => ({
    ...partition,
    writtenMs: (TODAY_S - 9 * DAY_S + 60) * 1_000,
  }));
  expect(daysOf(dueByAge(quiet, WEEK, NOON))).toEqual([9]);
});

test('each table has its own age, and origins that of the spans', () => {
  const ages = agesOf({
    ageMs: 7 * DAY_S * 1_000,
    tableAgesMs: { lifecycle_spans: 30 * DAY_S * 1_000, spans: 2 * DAY_S * 1_000 },
    diskBytesMax: 1e9,
  });
  const [due] = dueByAge(bucket(5), ages, NOON);
  expect(due?.partitions.map(({ table }) => table)).toEqual(['origins', 'spans']);
});

test('neither the current bucket nor one that is still to be loaded goes, however old', () => {
  const now = { ...NOON, currentS: TODAY_S - 20 * DAY_S, waiting: new Set([TODAY_S - 30 * DAY_S]) };
  const days = [...bucket(20), ...bucket(30), ...bucket(40)];
  expect(daysOf(dueByAge(days, WEEK, now))).toEqual([40]);
  expect(oldestBucket([...bucket(20), ...bucket(30)], now)).toBeUndefined();
});

test('a bucket from the future, which a wrong clock made, goes by when it was written', () => {
  const wrong = bucket(-400).map((partition) => ({ ...partition, writtenMs: 1 }));
  expect(daysOf(dueByAge(wrong, WEEK, NOON))).toEqual([-400]);
});

test('of any buckets, only those of which every row is too old go, and the oldest is the first', () => {
  const starts = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 20 });
  fc.assert(
    fc.property(starts, fc.integer({ min: 1, max: 300 }), (hours, ageHours) => {
      const partitions = hours.flatMap((hour) =>
        bucket(0).map((partition) => ({
          ...partition,
          bucketS: TODAY_S - hour * 3_600,
          writtenMs: TODAY_S * 1_000,
        })),
      );
      const ages = agesOf({ ageMs: ageHours * 3_600_000, diskBytesMax: 1e9 });
      const due = dueByAge(partitions, ages, { ...NOON, nowMs: TODAY_S * 1_000 });
      const ascending = due.map(({ bucketS }) => bucketS).toSorted((a, b) => a - b);
      expect(due.map(({ bucketS }) => bucketS)).toEqual(ascending);
      for (const { untilS } of due) expect(untilS).toBeLessThan(TODAY_S - ageHours * 3_600);
    }),
  );
});

test('a table that is empty has a size of nothing and no oldest row', () => {
  expect(tableSizes(bucket(3, ['spans']))).toEqual([
    { table: 'origins', rows: 0, bytes: 0, oldestS: undefined },
    { table: 'spans', rows: 10, bytes: 100, oldestS: TODAY_S - 3 * DAY_S },
    { table: 'trace_links', rows: 0, bytes: 0, oldestS: undefined },
    { table: 'correlation', rows: 0, bytes: 0, oldestS: undefined },
    { table: 'lifecycle_spans', rows: 0, bytes: 0, oldestS: undefined },
  ]);
});
