import { query } from '../sql.ts';
import type { BeginPage } from '../trace-store.ts';
import { firstCursor } from './cursor.ts';
import {
  type KeyListing,
  newestPart,
  rangeOf,
  readStretch,
  stretchParameters,
} from './key-queries.ts';

const COUNT_BEGINS = query('count-begins');
const COUNT_BEGIN_SPANS = query('count-begin-spans');

/**
 * Begin spans up to which lifecycles are counted one by one, and among which those are counted that match a
 * filter, for which their ends are looked for: what a count may cost is bounded.
 */
const COUNTED_BEGINS_MAX = 50_000;
const MATCHED_BEGINS_MAX = 20_000;

/**
 * How many lifecycles match in the whole range, exactly unless too many begin in it. Then it is the number
 * of begin spans (`upper`: one that begins twice counts twice), or with a filter the number of those that
 * match among the newest (`lower`).
 */
export async function countLifecycles(
  listing: KeyListing,
): Promise<Pick<BeginPage, 'total' | 'totalBound'>> {
  const { database, definition, options } = listing;
  const range = rangeOf(options);
  const isFiltered = options.status !== undefined || options.words.length > 0;
  const begins = isFiltered ? MATCHED_BEGINS_MAX : COUNTED_BEGINS_MAX;
  const counted = await newestPart(listing, range, begins);
  const exact = counted.fromNs === range.fromNs;
  if (isFiltered) {
    const [row] = await readStretch(listing, counted, firstCursor('begin', 0n), 1);
    const total = Number(row?.total ?? 0);
    return exact ? { total } : { total, totalBound: 'lower' };
  }
  const [row] = await database.rows<{ total: string }>(
    exact ? COUNT_BEGINS : COUNT_BEGIN_SPANS,
    stretchParameters(definition, range),
  );
  const total = Number(row?.total ?? 0);
  return exact ? { total } : { total, totalBound: 'upper' };
}
