import { ATTR } from '@throughline/model';
import type { Database } from '../database.ts';
import { query } from '../sql.ts';
import type { CoverageOptions, HopPage, HopRow } from '../trace-store.ts';

const COVERAGE = query('coverage');

/** The newest messages of the range that are counted: what an answer may cost is bounded. */
const MESSAGES_MAX = 500_000;

/** How long before the range the span of a send may have begun. */
const PRODUCER_AGE_MAX_NS = 3_600_000_000_000n;

const NO_TRACE = '0'.repeat(32);

const KEYS = {
  system_key: ATTR.messagingSystem,
  destination_key: ATTR.messagingDestinationName,
  template_key: ATTR.messagingDestinationTemplate,
  temporary_key: ATTR.messagingDestinationTemporary,
  operation_key: ATTR.messagingOperationType,
  received_key: ATTR.contextReceived,
  correlation_key: ATTR.correlation,
};

/** A row of queries/coverage.sql: counts are decimal strings. */
interface CoverageRow {
  producer: string;
  system: string;
  destination: string;
  consumer: string;
  consumed: string;
  missing: string;
  malformed: string;
  missed: string;
  orphaned: string;
  links_dropped: string;
  lost_trace_id: string;
  any_trace_id: string;
  messages: string;
}

/** @throws ThroughlineError as {@link Database.rows} does */
export async function readCoverage(
  database: Pick<Database, 'rows'>,
  { startNs, endNs, orphansBeforeNs, limit }: CoverageOptions,
): Promise<HopPage> {
  const rows = await database.rows<CoverageRow>(COVERAGE, {
    ...KEYS,
    start_ns: startNs,
    end_ns: endNs,
    producers_from_ns: startNs - PRODUCER_AGE_MAX_NS,
    orphans_before_ns: orphansBeforeNs,
    messages_max: MESSAGES_MAX,
    rows_max: limit + 1,
  });
  const isFull = Number(rows[0]?.messages ?? 0) >= MESSAGES_MAX;
  return { hops: rows.slice(0, limit).map(toHop), truncated: rows.length > limit || isFull };
}

function toHop(row: CoverageRow): HopRow {
  const lost = row.lost_trace_id === NO_TRACE ? undefined : row.lost_trace_id;
  return {
    producer: row.producer === '' ? undefined : row.producer,
    system: row.system,
    destination: row.destination,
    consumer: row.consumer,
    consumed: Number(row.consumed),
    missing: Number(row.missing),
    malformed: Number(row.malformed),
    missed: Number(row.missed),
    orphaned: Number(row.orphaned),
    linksDropped: Number(row.links_dropped),
    exampleTraceId: lost ?? row.any_trace_id,
  };
}
