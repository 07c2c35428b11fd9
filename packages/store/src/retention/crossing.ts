import { isKeyedByTrace, type LifecycleDefinition } from '@throughline/model';
import type { Database, QueryParameters } from '../database.ts';
import { beginParameters, endParameters, idKeyOf, keyParameters } from '../indexed.ts';
import { query } from '../sql.ts';
import { PATIENT } from './statements.ts';

const CROSSING_LIFECYCLES = query('crossing-lifecycles');
const ENDS_OF_LIFECYCLES = query('ends-of-lifecycles');

/** Boundary spans that one query groups by lifecycle. */
const ROWS_AT_ONCE_MAX = 200_000;
/** Lifecycles that one bucket can leave behind; the oldest of more are given up. */
const LIFECYCLES_MAX = 100_000;
/** Begin spans of one lifecycle whose traces are followed: more than one is a fault of the senders. */
const BEGIN_TRACES_MAX = 100;
const HASHES_AT_ONCE_MAX = 5_000;

/** By how much the clock of a sender may be ahead of ours. */
const CLOCK_SKEW_MAX_S = 10;

/** A lifecycle with a part in a bucket that goes and another in one that stays. */
export interface Crossing {
  /** The engine's hash of the whole key, as a decimal string. */
  readonly keyHash: string;
  /** The value of the attribute by which it is found. */
  readonly id: string;
  readonly beginTraces: readonly string[];
  readonly isOpen: boolean;
  /** Whether it is the begin that goes; else it lies in a later bucket. */
  readonly beginsHere: boolean;
  /** The bucket in which its begin was received. */
  readonly firstBucketS: number;
  /** Where its rows belong: with its last boundary, or, while it is open, in the current bucket. */
  readonly targetS: number;
}

interface CrossingRow {
  key_parts: string[];
  key_hash: string;
  begin_bucket_s: number;
  first_bucket_s: number;
  begin_traces: string[];
}

interface EndRow {
  key_hash: string;
  end_bucket_s: number;
}

type Reads = Pick<Database, 'rows'>;

export interface CrossingQuestion {
  readonly definition: LifecycleDefinition;
  readonly bucketS: number;
  /** Everything in the bucket was received before this. */
  readonly untilS: number;
  readonly currentS: number;
  /** Of the table of boundary spans, in this bucket. */
  readonly rows: number;
}

/** The parameters that name a definition's boundary spans. */
export function boundaryParameters(definition: LifecycleDefinition): QueryParameters {
  const { begin_names, begin_prefix } = beginParameters(definition);
  return {
    ...keyParameters(definition),
    key_attributes: definition.keyAttributes,
    begin_prefix,
    boundary_names: [...begin_names, ...definition.endSpans],
  };
}

/**
 * Lifecycles that would be cut in two if the bucket were dropped. Those that were received last come
 * first; `overflow` is how many there may be more, at least.
 */
export async function findCrossing(
  database: Reads,
  question: CrossingQuestion,
): Promise<{ crossing: Crossing[]; overflow: number }> {
  const { definition, bucketS, currentS } = question;
  const candidates = await findCandidates(database, question);
  const kept = candidates.slice(0, LIFECYCLES_MAX);
  const ends = await findEnds(database, definition, kept);
  const crossing: Crossing[] = [];
  for (const row of kept) {
    const endBucketS = ends.get(row.key_hash);
    const lastS = Math.max(row.begin_bucket_s, endBucketS ?? currentS);
    if (lastS <= bucketS) continue;
    crossing.push({
      keyHash: row.key_hash,
      id: row.key_parts.at(-1) ?? '',
      beginTraces: row.begin_traces,
      isOpen: endBucketS === undefined,
      beginsHere: row.begin_bucket_s === bucketS,
      firstBucketS: row.first_bucket_s,
      targetS: lastS,
    });
  }
  return { crossing, overflow: candidates.length - kept.length };
}

async function findCandidates(
  database: Reads,
  { definition, bucketS, untilS, rows }: CrossingQuestion,
): Promise<CrossingRow[]> {
  const parts = Math.max(1, Math.ceil(rows / ROWS_AT_ONCE_MAX));
  const found: CrossingRow[] = [];
  for (let part = 0; part < parts; part += 1) {
    const more = await database.rows<CrossingRow>(
      CROSSING_LIFECYCLES,
      {
        ...boundaryParameters(definition),
        ...beginParameters(definition),
        ...endParameters(definition),
        bucket: bucketS,
        until_ns: BigInt(untilS + CLOCK_SKEW_MAX_S) * 1_000_000_000n,
        parts,
        part,
        traces_max: BEGIN_TRACES_MAX,
        rows_max: LIFECYCLES_MAX + 1,
      },
      PATIENT,
    );
    found.push(...more);
    if (found.length > 2 * LIFECYCLES_MAX) sortAndCut(found);
  }
  return sortAndCut(found);
}

/** One more than there may be is kept, so that it shows that there were more. */
function sortAndCut(rows: CrossingRow[]): CrossingRow[] {
  rows.sort((a, b) => b.first_bucket_s - a.first_bucket_s);
  rows.splice(LIFECYCLES_MAX + 1);
  return rows;
}

/** In which bucket each of the lifecycles ended, for those that did. */
async function findEnds(
  database: Reads,
  definition: LifecycleDefinition,
  candidates: readonly CrossingRow[],
): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (let from = 0; from < candidates.length; from += HASHES_AT_ONCE_MAX) {
    const some = candidates.slice(from, from + HASHES_AT_ONCE_MAX);
    const rows = await database.rows<EndRow>(
      ENDS_OF_LIFECYCLES,
      {
        ...keyParameters(definition),
        key_attributes: definition.keyAttributes,
        ...endParameters(definition),
        key_hashes: some.map(({ key_hash }) => key_hash),
      },
      PATIENT,
    );
    for (const row of rows) ends.set(row.key_hash, row.end_bucket_s);
  }
  return ends;
}

/** The attributes by which lifecycles are found. */
export function lifecycleIdKeys(definitions: readonly LifecycleDefinition[]): string[] {
  return [...new Set(definitions.filter((one) => !isKeyedByTrace(one)).map(idKeyOf))];
}
