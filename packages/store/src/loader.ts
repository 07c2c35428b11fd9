import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { Engine, QueryParameters } from './engine/engine.ts';
import { clickhouseCode } from './engine/engine-errors.ts';
import type { Indexed } from './indexed.ts';
import type { Journal } from './journal/journal.ts';
import { mendSegment } from './journal/recovery.ts';
import { bucketOf, type Segment, splitSegment } from './journal/segment.ts';
import type { Quarantine } from './quarantine.ts';
import { OTLP_STRUCTURES } from './schema/otlp.ts';
import { query, read } from './sql.ts';
import type { Turns } from './turns.ts';

/** In this order: an origin is there before a span that names it. */
const LOADS = ['origins', 'spans'] as const;
type Load = (typeof LOADS)[number];
const QUERIES: Readonly<Record<Load, string>> = {
  origins: loadQuery('origins', 'origins'),
  spans: loadQuery('spans', 'received_spans'),
};
/** Decodes as a load does, and stores nothing. */
const PROBES: Readonly<Record<Load, string>> = {
  origins: loadQuery('origins', 'probed_origins'),
  spans: loadQuery('spans', 'probed_spans'),
};
const COUNT_SPANS = query('count-spans');

const LOAD_SETTINGS = {
  format_schema_source: 'string',
  format_schema: read('schema', 'otlp.proto'),
  format_schema_message_name: 'Request',
  input_format_protobuf_oneof_presence: 1,
  // One thread and one block, so that a segment becomes one part of each table: stored whole or not at
  // all, and recognised by its token when it comes again, by each table for itself.
  deduplicate_blocks_in_dependent_materialized_views: 1,
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
  indexed: Indexed;
  /** Taken by one attempt to load at a time, and by whoever moves what is stored. */
  turns: Turns;
  onWarning: (message: string) => void;
  /** Told of each segment that is stored. */
  onLoaded: (segment: Segment) => void;
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

  /** Runs work that moves stored spans, between two loads: what it adds or removes is not loaded. */
  between<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#options.turns.take(async () => {
      try {
        return await work();
      } finally {
        this.#spansStored = await this.#countSpans();
      }
    });
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
    const attempt: Attempt = { loadsDone: 0, suspicions: 0, backoffMs: BACKOFF_FIRST_MS };
    while (!this.#stopping.signal.aborted) {
      const { pid } = this.#options.engine.status();
      try {
        await this.#options.turns.take(() => this.#insert(segment, attempt));
        break;
      } catch (error) {
        if (isUnreadable(error)) return this.#isolate(segment, error);
        this.#options.onWarning(`segment ${segment.id} is not loaded yet: ${describe(error)}`);
        await this.#pause(attempt.backoffMs);
        attempt.backoffMs = Math.min(attempt.backoffMs * 2, BACKOFF_MAX_MS);
        const code = clickhouseCode(error);
        const engineDied = pid !== undefined && this.#options.engine.status().pid !== pid;
        const refused = code !== undefined && !TRANSIENT_CODES.has(code);
        if (engineDied || refused) attempt.suspicions += 1;
        if (attempt.suspicions < SUSPICIONS_MAX) continue;
        attempt.suspicions = 0;
        const defect = await this.#probe(segment);
        if (defect !== undefined) return this.#isolate(segment, defect);
      }
    }
    if (this.#stopping.signal.aborted && attempt.loadsDone < LOADS.length) return;
    await this.#options.journal.remove(segment);
    this.#status.segmentsLoaded += 1;
    this.#options.onLoaded(segment);
  }

  async #insert(segment: Segment, attempt: Attempt): Promise<void> {
    for (const load of LOADS.slice(attempt.loadsDone)) {
      await this.#options.engine.command(QUERIES[load], this.#parametersOf(segment, load), {
        ...LOAD_SETTINGS,
        insert_deduplication_token: segment.id,
      });
      attempt.loadsDone += 1;
    }
    const spans = await this.#countSpans();
    this.#status.spansLoaded += Math.max(0, spans - this.#spansStored);
    this.#spansStored = spans;
  }

  /**
   * Whether it is the segment that the engine fails with, and not what the engine does with it. A
   * segment that cannot be decoded was never stored, so it can be split: the halves come under tokens of
   * their own.
   *
   * @returns what the engine says against the segment; undefined when it decodes
   */
  async #probe(segment: Segment): Promise<unknown> {
    const { engine } = this.#options;
    for (const load of LOADS) {
      const { pid } = engine.status();
      try {
        await engine.command(PROBES[load], this.#parametersOf(segment, load), LOAD_SETTINGS);
      } catch (error) {
        const code = clickhouseCode(error);
        const engineDied = pid !== undefined && engine.status().pid !== pid;
        if (engineDied || (code !== undefined && !TRANSIENT_CODES.has(code))) return error;
      }
    }
    return undefined;
  }

  /**
   * For a segment that cannot be decoded. Looks first whether the disk damaged it: what is left then
   * comes again. Otherwise splits it, or sets it aside when it is a single record.
   */
  async #isolate(segment: Segment, error: unknown): Promise<void> {
    const { journal, quarantine } = this.#options;
    const mended = await mendSegment(segment, quarantine);
    if (mended?.bytes !== segment.bytes) {
      journal.replace(segment, mended ? [mended] : []);
      return;
    }
    const halves = await splitSegment(segment);
    if (halves) {
      journal.replace(segment, halves);
      return;
    }
    await quarantine.take(segment, describe(error));
    journal.replace(segment, []);
  }

  #parametersOf(segment: Segment, load: Load): QueryParameters {
    const { indexed } = this.#options;
    const common = {
      segment: segment.path,
      structure: OTLP_STRUCTURES[load],
      // From the segment, not from the clock: a repeated load has to hit the same partition.
      bucket: bucketOf(segment),
    };
    if (load === 'origins') return common;
    return {
      ...common,
      id_keys: indexed.idKeys,
      begin_names: indexed.beginNames,
      end_names: indexed.endNames,
      status_attributes: indexed.statusAttributes,
      terminal_statuses: indexed.terminalStatuses,
      boundary_keys: indexed.boundaryKeys,
    };
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
  loadsDone: number;
  suspicions: number;
  backoffMs: number;
}

/** The statement of queries/load-*.sql, into one of the tables of its shape. */
function loadQuery(load: Load, table: string): string {
  return query(`load-${load}`)
    .replace('{{table}}', table)
    .replace('{{segment}}', "file({segment:String}, 'Protobuf', {structure:String})");
}

function isUnreadable(error: unknown): boolean {
  const code = clickhouseCode(error);
  return code !== undefined && UNREADABLE_CODES.has(code);
}

function describe(error: unknown): string {
  const message = error instanceof ThroughlineError ? error.message : String(error);
  return message.slice(0, 300);
}
