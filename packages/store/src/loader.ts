import { setTimeout as delay } from 'node:timers/promises';
import { ATTR, BAGGAGE_KEYS, ThroughlineError } from '@throughline/model';
import { clickhouseCode, type Engine, type QueryParameters } from './engine/engine.ts';
import type { Journal } from './journal/journal.ts';
import { type Segment, splitSegment } from './journal/segment.ts';
import type { Quarantine } from './quarantine.ts';
import { LOADED_TABLES, type LoadedTable, OTLP_STRUCTURES } from './schema/otlp.ts';
import { query, read } from './sql.ts';

const LOADS: Record<LoadedTable, string> = {
  spans: query('load-spans'),
  link_targets: query('load-link-targets'),
  correlation: query('load-correlation'),
};
const COUNT_SPANS = query('count-spans');

/** Attributes that make a span a row of `correlation`. */
const CORRELATION_KEYS = BAGGAGE_KEYS;
/** What such a row keeps: the keys, and what lists of lifecycles show and search. */
const CORRELATION_ATTRIBUTES = [
  ...BAGGAGE_KEYS,
  ATTR.tradingSymbol,
  ATTR.orderSide,
  ATTR.orderType,
  ATTR.orderStatus,
];

const LOAD_SETTINGS = {
  format_schema_source: 'string',
  format_schema: read('schema', 'otlp.proto'),
  format_schema_message_name: 'Request',
  input_format_protobuf_oneof_presence: 1,
  // One thread and one block, so that a segment becomes one part: stored whole or not at all, and
  // recognised by its token when it comes again.
  max_threads: 1,
  max_insert_threads: 1,
  min_insert_block_size_rows: 1_000_000_000,
  min_insert_block_size_bytes: 0,
  // There is nothing to optimise, and looking for it doubles the time of a small load.
  query_plan_enable_optimizations: 0,
};

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** A segment with which the engine fails this often, in a way that may be the segment's fault. */
const SUSPICIONS_MAX = 3;

/** Codes with which ClickHouse says that a record is not the OTLP that it claims to be. */
const UNREADABLE_CODES = new Set([
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  36, // BAD_ARGUMENTS: a value with two alternatives
  117, // INCORRECT_DATA
  444, // UNKNOWN_PROTOBUF_FORMAT
]);

/**
 * Codes that speak of the machine or of the engine's state: the load is repeated until it works.
 */
const TRANSIENT_CODES = new Set([
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  75, // CANNOT_WRITE_TO_FILE_DESCRIPTOR
  76, // CANNOT_OPEN_FILE
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  236, // ABORTED: the engine is shutting down
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
]);

export interface LoaderOptions {
  journal: Journal;
  engine: Engine;
  quarantine: Quarantine;
  onWarning: (message: string) => void;
}

export interface LoaderStatus {
  spansLoaded: number;
  segmentsLoaded: number;
}

/**
 * Moves sealed segments into the engine's tables, oldest first, one at a time. Each is loaded
 * exactly once: an insert that may or may not have happened is repeated with the same token. A
 * segment that the engine cannot read is split until the bad records are alone; these go to the
 * quarantine.
 */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #status: LoaderStatus = { spansLoaded: 0, segmentsLoaded: 0 };
  #spansStored = 0;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#spansStored = await this.#countSpans();
    this.#running = this.#run();
  }

  status(): LoaderStatus {
    return { ...this.#status };
  }

  /** Ends after the insert that runs now. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
    });
    while (!signal.aborted) {
      const segment = this.#options.journal.oldest();
      if (!segment) {
        await Promise.race([this.#options.journal.changed(), stopped]);
        continue;
      }
      try {
        await this.#load(segment);
      } catch (error) {
        // The disk, not the engine: a segment can be neither removed, split nor moved. It stays
        // first.
        this.#options.onWarning(`segment ${segment.id} cannot be handled: ${describe(error)}`);
        await this.#pause(BACKOFF_MAX_MS);
      }
    }
  }

  async #load(segment: Segment): Promise<void> {
    const attempt: Attempt = { tablesDone: 0, suspicions: 0, backoffMs: BACKOFF_FIRST_MS };
    while (!this.#stopping.signal.aborted) {
      const { pid } = this.#options.engine.status();
      try {
        await this.#insert(segment, attempt);
        const spans = await this.#countSpans();
        this.#status.spansLoaded += Math.max(0, spans - this.#spansStored);
        this.#spansStored = spans;
        break;
      } catch (error) {
        const code = clickhouseCode(error);
        if (code !== undefined && UNREADABLE_CODES.has(code)) {
          return this.#isolate(segment, attempt, error);
        }
        this.#options.onWarning(`segment ${segment.id} is not loaded yet: ${describe(error)}`);
        await this.#pause(attempt.backoffMs);
        attempt.backoffMs = Math.min(attempt.backoffMs * 2, BACKOFF_MAX_MS);
        const engineDied = pid !== undefined && this.#options.engine.status().pid !== pid;
        const refused = code !== undefined && !TRANSIENT_CODES.has(code);
        if (engineDied || refused) attempt.suspicions += 1;
        if (attempt.suspicions >= SUSPICIONS_MAX) return this.#isolate(segment, attempt, error);
      }
    }
    if (this.#stopping.signal.aborted && attempt.tablesDone < LOADED_TABLES.length) return;
    await this.#options.journal.remove(segment);
    this.#status.segmentsLoaded += 1;
  }

  async #insert(segment: Segment, attempt: Attempt): Promise<void> {
    for (const table of LOADED_TABLES.slice(attempt.tablesDone)) {
      await this.#options.engine.command(LOADS[table], parametersOf(segment, table), {
        ...LOAD_SETTINGS,
        insert_deduplication_token: segment.id,
      });
      attempt.tablesDone += 1;
    }
  }

  /**
   * Splits the segment, or sets it aside when it is a single record. Once a table has it, it is not
   * split any more: the halves would come under new tokens, and the table would have their rows
   * twice.
   */
  async #isolate(segment: Segment, attempt: Attempt, error: unknown): Promise<void> {
    const { journal, quarantine, onWarning } = this.#options;
    const halves = attempt.tablesDone === 0 ? await splitSegment(segment) : undefined;
    if (halves) {
      journal.replace(segment, halves);
      return;
    }
    const records = await quarantine.take(segment);
    journal.replace(segment, []);
    onWarning(`${records} unreadable record(s) set aside as ${segment.id}: ${describe(error)}`);
  }

  async #countSpans(): Promise<number> {
    const [row] = await this.#options.engine.rows<{ spans: string }>(COUNT_SPANS, {});
    return Number(row?.spans ?? 0);
  }

  async #pause(timeMs: number): Promise<void> {
    await delay(timeMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

/** How far a segment has come, since the engine was last asked to load it for the first time. */
interface Attempt {
  tablesDone: number;
  suspicions: number;
  backoffMs: number;
}

function parametersOf(segment: Segment, table: LoadedTable): QueryParameters {
  const common = {
    segment: segment.path,
    structure: OTLP_STRUCTURES[table],
    // From the segment, not from the clock: a repeated load has to hit the same partition.
    received_day: new Date(segment.createdMs).toISOString().slice(0, 10),
  };
  if (table === 'link_targets') return { ...common, link_type: ATTR.linkType };
  if (table === 'correlation') {
    return { ...common, keys: CORRELATION_KEYS, attributes: CORRELATION_ATTRIBUTES };
  }
  return common;
}

function describe(error: unknown): string {
  const message = error instanceof ThroughlineError ? error.message : String(error);
  return message.slice(0, 300);
}
