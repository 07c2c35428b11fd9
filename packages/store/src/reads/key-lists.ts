import { nowNs, spanRef } from '@throughline/model';
import { idKeyOf } from '../indexed.ts';
import { query } from '../sql.ts';
import type { BeginPage, BeginRow } from '../trace-store.ts';
import { type Cursor, decodeCursor, encodeCursor, firstCursor } from './cursor.ts';
import { countLifecycles } from './key-counts.ts';
import {
  type KeyListing,
  type LifecycleRow,
  listParameters,
  newestPart,
  rangeOf,
  readStretch,
  type Stretch,
  stretchParameters,
} from './key-queries.ts';

const LIST_LONGEST = query('list-longest');
const EARLIER_BEGINS = query('earlier-begins');

/**
 * Begin spans among which the newest lifecycles are looked for first, and how much further each time
 * while they do not fill the page: the first are enough, unless a filter fits few of them.
 */
const BEGINS_FIRST = 1_000;
const BEGINS_GROWTH = 16;
/** As many as one query groups in the memory that a read may take. */
const BEGINS_MAX = 250_000;
/** Traces in which the lifecycles of a page may begin. */
const TRACES_MAX = 100_000;

/**
 * A page of lifecycles whose key are attributes, which are listed by their begins. The newest are found
 * from the newest begin on, without looking at those before; the longest can be anywhere, so all are looked at.
 */
export async function listByKey(listing: KeyListing): Promise<BeginPage> {
  const { sort, cursor } = listing.options;
  const after = cursor === undefined ? firstCursor(sort, nowNs()) : decodeCursor(cursor, sort);
  if (sort === 'duration') {
    const rows = await readLongest(listing, after);
    return { ...pageOf(listing, rows, after), total: Number(rows[0]?.total ?? 0) };
  }
  const [rows, counted] = await Promise.all([readNewest(listing, after), countLifecycles(listing)]);
  // The page may show more than was counted, where not everything is.
  const total = Math.max(counted.total, rows.length);
  return { ...pageOf(listing, rows, after), ...counted, total };
}

function pageOf(
  { options: { sort, limit } }: KeyListing,
  rows: readonly LifecycleRow[],
  { asOfNs }: Cursor,
): Pick<BeginPage, 'rows' | 'cursor'> {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    rows: page.map(toBeginRow),
    cursor: last && encodeCursor({ sort, asOfNs, ...placeOf(last) }),
  };
}

function placeOf({
  rank_ns,
  trace_id,
  span_id,
}: LifecycleRow): Pick<Cursor, 'rankNs' | 'beginIds'> {
  return { rankNs: BigInt(rank_ns), beginIds: `${trace_id}${span_id}` };
}

function readLongest(listing: KeyListing, after: Cursor): Promise<LifecycleRow[]> {
  return listing.database.rows<LifecycleRow>(LIST_LONGEST, {
    ...listParameters(listing, rangeOf(listing.options)),
    as_of_ns: after.asOfNs,
    after_rank_ns: after.rankNs,
    after_begin_ids: after.beginIds,
    rows_max: listing.options.limit + 1,
  });
}

/** The rows of the page, and one more when there are more. */
async function readNewest(listing: KeyListing, cursor: Cursor): Promise<LifecycleRow[]> {
  const { limit } = listing.options;
  const range = rangeOf(listing.options);
  const found: LifecycleRow[] = [];
  let after = cursor;
  let rest = { ...range, untilNs: untilOf(range, after) };
  let begins = Math.max(BEGINS_FIRST, 2 * limit);
  let repeating = false;
  while (found.length <= limit) {
    const part = repeating ? rest : await newestPart(listing, rest, begins);
    const rows = await readStretch(listing, part, after, limit + 1);
    const firsts = await withoutEarlier(listing, rows, { ...range, untilNs: part.fromNs });
    found.push(...firsts);
    const last = rows[limit];
    if (last) after = { ...after, ...placeOf(last) };
    else if (part.fromNs === range.fromNs) break;
    rest = { ...range, untilNs: last ? untilOf(range, after) : part.fromNs };
    // Ids are used again and again: of all that is left the first begins are few.
    repeating = firsts.length < rows.length / 2;
    begins = Math.min(begins * BEGINS_GROWTH, BEGINS_MAX);
  }
  return found;
}

/** The cursor's own begin may be one of several at that time. */
function untilOf({ untilNs }: Stretch, { rankNs }: Cursor): bigint {
  return rankNs < untilNs ? rankNs + 1n : untilNs;
}

/** Those rows whose keys do not begin earlier, too: it is their first begin by which they are listed. */
async function withoutEarlier(
  { database, definition }: KeyListing,
  rows: readonly LifecycleRow[],
  earlier: Stretch,
): Promise<readonly LifecycleRow[]> {
  if (rows.length === 0 || earlier.fromNs === earlier.untilNs) return rows;
  const known = await database.rows<{ key: string[] }>(EARLIER_BEGINS, {
    ...stretchParameters(definition, earlier),
    id_key: idKeyOf(definition),
    ids: rows.map(({ key }) => key.at(-1) ?? ''),
    traces_max: TRACES_MAX,
  });
  const keys = new Set(known.map(({ key }) => JSON.stringify(key)));
  return rows.filter(({ key }) => !keys.has(JSON.stringify(key)));
}

function toBeginRow(row: LifecycleRow): BeginRow {
  const end = {
    span: spanRef({ traceId: row.end_trace_id, spanId: row.end_span_id }),
    endNs: BigInt(row.end_ns),
    status: row.status,
  };
  return {
    span: spanRef({ traceId: row.trace_id, spanId: row.span_id }),
    key: row.key,
    beginNs: BigInt(row.begin_ns),
    end: row.end_trace_id === '' ? undefined : end,
  };
}
