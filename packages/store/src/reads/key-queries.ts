import { type LifecycleDefinition, NS_PER_S } from '@throughline/model';
import type { Database } from '../database.ts';
import { beginParameters, endParameters, keyParameters, LISTED_ATTRIBUTES } from '../indexed.ts';
import { query } from '../sql.ts';
import type { ListOptions } from '../trace-store.ts';
import type { Cursor } from './cursor.ts';

const LIST_BEGINS = query('list-begins');
const NTH_BEGIN = query('nth-begin');

/** What a word of a list's filter is looked for in, besides the key and the status. */
const [word_1, word_2, word_3] = LISTED_ATTRIBUTES;
const WORD_ATTRIBUTES = { word_1, word_2, word_3 };

/** By how much the clock of the host where a lifecycle ends may be behind that where it began. */
const CLOCK_SKEW_MAX_NS = 60n * NS_PER_S;

const INT64_MIN = -9_223_372_036_854_775_808n;
const INT64_MAX = 9_223_372_036_854_775_807n;

export interface KeyListing {
  readonly database: Pick<Database, 'rows'>;
  readonly definition: LifecycleDefinition;
  readonly options: ListOptions;
}

/** A stretch of time in which lifecycles begin: `fromNs` <= begin < `untilNs`. */
export interface Stretch {
  readonly fromNs: bigint;
  readonly untilNs: bigint;
}

/** A row of queries/list-begins.sql and list-longest.sql. */
export interface LifecycleRow {
  key: string[];
  begin_ns: string;
  trace_id: string;
  span_id: string;
  end_ns: string;
  end_trace_id: string;
  end_span_id: string;
  status: string;
  /** By what the list is in order, downwards. */
  rank_ns: string;
  /** How many lifecycles of the stretch match. */
  total: string;
}

/** All the time that is asked for. */
export function rangeOf({ startNs, endNs }: ListOptions): Stretch {
  return { fromNs: startNs ?? INT64_MIN, untilNs: endNs ?? INT64_MAX };
}

/** What is asked for, as the parameters of queries about a stretch of it. */
export function listParameters({ definition, options }: KeyListing, stretch: Stretch) {
  const { fromNs } = stretch;
  return {
    ...WORD_ATTRIBUTES,
    ...stretchParameters(definition, stretch),
    ...endParameters(definition),
    ends_from_ns: fromNs === INT64_MIN ? fromNs : fromNs - CLOCK_SKEW_MAX_NS,
    status: options.status ?? '',
    words: options.words.map((word) => word.toLowerCase()),
  };
}

/** The begin spans of a stretch and their keys, as the parameters of queries. */
export function stretchParameters(definition: LifecycleDefinition, { fromNs, untilNs }: Stretch) {
  return {
    ...beginParameters(definition),
    ...keyParameters(definition),
    key_attributes: definition.keyAttributes,
    start_ns: fromNs,
    end_ns: untilNs,
  };
}

/** Of the lifecycles that begin in the stretch, the newest after the cursor, at most `rowsMax`. */
export function readStretch(
  listing: KeyListing,
  stretch: Stretch,
  after: Cursor,
  rowsMax: number,
): Promise<LifecycleRow[]> {
  return listing.database.rows<LifecycleRow>(LIST_BEGINS, {
    ...listParameters(listing, stretch),
    after_rank_ns: after.rankNs,
    after_begin_ids: after.beginIds,
    rows_max: rowsMax,
  });
}

/**
 * The newest part of the stretch, with so many begin spans, or a few more that start at the same time; the
 * whole stretch when it has no more.
 */
export async function newestPart(
  { database, definition }: KeyListing,
  stretch: Stretch,
  begins: number,
): Promise<Stretch> {
  const [nth] = await database.rows<{ start_ns: string }>(NTH_BEGIN, {
    ...stretchParameters(definition, stretch),
    newer: begins - 1,
  });
  return nth === undefined ? stretch : { ...stretch, fromNs: BigInt(nth.start_ns) };
}
