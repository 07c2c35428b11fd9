import { AGED_TABLES, type AgedTable } from '@throughline/model';

/** All tables that hold rows by bucket. Origins are kept as long as the spans that come from them. */
export const BUCKET_TABLES = ['origins', ...AGED_TABLES] as const;
export type BucketTable = (typeof BUCKET_TABLES)[number];

/** How long rows are kept, and on how much disk. */
export interface RetentionLimits {
  /** Rows older than this go, counted from when they were received. */
  ageMs: number;
  /** Tables that keep theirs for another time. */
  tableAgesMs?: Partial<Record<AgedTable, number>>;
  /** Of tables, journal and quarantine together. */
  diskBytesMax: number;
}

export type TableAges = Readonly<Record<BucketTable, number>>;

export function agesOf({ ageMs, tableAgesMs = {} }: RetentionLimits): TableAges {
  const all = { spans: ageMs, trace_links: ageMs, correlation: ageMs, lifecycle_spans: ageMs };
  const ages = { ...all, ...tableAgesMs };
  return { ...ages, origins: ages.spans };
}
