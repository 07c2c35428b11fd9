import { type LifecycleDefinition, NS_PER_S, nowNs, spanRef } from '@throughline/model';
import type { Database } from '../database.ts';
import { BAGGAGE_SYMBOL, beginParameters, endParameters, LISTED_ATTRIBUTES } from '../indexed.ts';
import { query } from '../sql.ts';
import type { BeginPage, BeginRow, BeginSpan, ListOptions } from '../trace-store.ts';
import { type Cursor, decodeCursor, encodeCursor, firstCursor } from './cursor.ts';

const LIST_ENDS = query('list-ends');
const LIST_OPEN_TRACES = query('list-open-traces');

/** Of these, the newest, the longest are looked for; ids of traces travel in the query. */
const LONGEST_OF_MAX = 5_000;
/** Open ones that are counted, and listed by and by. */
const OPEN_MAX = 10_000;
/** How far back open ones are looked for when no bound is given: a tick without a trade is soon history. */
const OPEN_FOR_NS = 3_600n * NS_PER_S;
const OPEN = 'open';

const INT64_MIN = -9_223_372_036_854_775_808n;
const INT64_MAX = 9_223_372_036_854_775_807n;

const [word_1, word_2, word_3] = LISTED_ATTRIBUTES;
const WORD_ATTRIBUTES = { word_1, word_2, word_3, word_4: BAGGAGE_SYMBOL };

interface TraceRow {
  trace_id: string;
  /** The end span's; of an open lifecycle the begin span's. */
  span_id: string;
  at_ns: string;
  status: string;
  total: string;
}

export interface TraceListing {
  readonly database: Pick<Database, 'rows'>;
  readonly definition: LifecycleDefinition;
  readonly options: ListOptions;
  readonly beginsOfTraces: (traceIds: readonly string[]) => Promise<BeginSpan[]>;
}

interface Candidate {
  readonly row: TraceRow;
  /** Its place: the end, or begin, by which it is listed, or its duration. */
  readonly rankNs: bigint;
  /** Undefined when the begin span is not in the store. */
  readonly listed: BeginRow | undefined;
}

/**
 * A page of lifecycles whose key is their trace. They are listed by their ends, for only ends are kept
 * beside the spans; those that are open, by their begins, which takes a look at all spans of the time.
 */
export async function listByTrace(listing: TraceListing): Promise<BeginPage> {
  const { options } = listing;
  const { sort, limit } = options;
  const after =
    options.cursor === undefined ? firstCursor(sort, nowNs()) : decodeCursor(options.cursor, sort);
  const rows = await readRows(listing, after);
  const candidates = await candidatesOf(listing, rows, after);
  const inOrder = sort === 'begin' ? candidates : longestAfter(candidates, after);
  const page = inOrder.slice(0, limit);
  const last = inOrder.length > limit ? page.at(-1) : undefined;
  return {
    rows: page.flatMap(({ listed }) => listed ?? []),
    total: Number(rows[0]?.total ?? 0),
    cursor:
      last &&
      encodeCursor({
        ...{ sort, asOfNs: after.asOfNs },
        ...{ rankNs: last.rankNs, beginIds: last.row.trace_id },
      }),
  };
}

function readRows(
  { database, definition, options }: TraceListing,
  after: Cursor,
): Promise<TraceRow[]> {
  const { sort, limit, status, words, startNs, endNs } = options;
  const isPage = sort === 'begin' && options.cursor !== undefined;
  const isOpen = status === OPEN;
  const sinceNs = startNs ?? (isOpen ? after.asOfNs - OPEN_FOR_NS : INT64_MIN);
  return database.rows<TraceRow>(isOpen ? LIST_OPEN_TRACES : LIST_ENDS, {
    ...WORD_ATTRIBUTES,
    ...endParameters(definition),
    ...(isOpen && { ...beginParameters(definition), looked_at_max: OPEN_MAX }),
    ...(isOpen ? { ends_from_ns: sinceNs } : { status: status ?? '' }),
    words: words.map((word) => word.toLowerCase()),
    start_ns: sinceNs,
    end_ns: endNs ?? INT64_MAX,
    after_ns: isPage ? after.rankNs : INT64_MAX,
    after_trace_id: isPage ? after.beginIds : '',
    rows_max: sort === 'begin' ? limit + 1 : LONGEST_OF_MAX,
  });
}

async function candidatesOf(
  { options, beginsOfTraces }: TraceListing,
  rows: readonly TraceRow[],
  { asOfNs }: Cursor,
): Promise<Candidate[]> {
  const isOpen = options.status === OPEN;
  const begins = isOpen
    ? rows.map(openBegin)
    : await beginsOfTraces(rows.map(({ trace_id }) => trace_id));
  const byTrace = new Map<string, BeginSpan>();
  for (const begin of begins) {
    const traceId = begin.key[0] ?? '';
    if (!byTrace.has(traceId)) byTrace.set(traceId, begin);
  }
  return rows.map((row) => {
    const begin = byTrace.get(row.trace_id);
    const atNs = BigInt(row.at_ns);
    const span = spanRef({ traceId: row.trace_id, spanId: row.span_id });
    const end = isOpen ? undefined : { span, endNs: atNs, status: row.status };
    const durationNs = (end?.endNs ?? asOfNs) - (begin?.beginNs ?? atNs);
    return {
      row,
      rankNs: options.sort === 'begin' ? atNs : durationNs,
      listed: begin && { ...begin, end },
    };
  });
}

function openBegin({ trace_id, span_id, at_ns }: TraceRow): BeginSpan {
  const span = spanRef({ traceId: trace_id, spanId: span_id });
  return { span, key: [trace_id], beginNs: BigInt(at_ns) };
}

function longestAfter(candidates: readonly Candidate[], after: Cursor): Candidate[] {
  const isAfter = ({ rankNs, row }: Candidate): boolean =>
    rankNs < after.rankNs || (rankNs === after.rankNs && row.trace_id < after.beginIds);
  return candidates.filter(isAfter).sort((left, right) => {
    if (left.rankNs !== right.rankNs) return left.rankNs > right.rankNs ? -1 : 1;
    return left.row.trace_id > right.row.trace_id ? -1 : 1;
  });
}
