import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { Database } from './database.ts';
import { clickhouseCode } from './engine/engine-errors.ts';
import type { Indexed } from './indexed.ts';
import type { Journal } from './journal/journal.ts';
import { mendSegment } from './journal/recovery.ts';
import { type Segment, splitSegment } from './journal/segment.ts';
import { LOADS, type Load, Loading } from './loading.ts';
import type { Quarantine } from './quarantine.ts';
import { query } from './sql.ts';
import type { Turns } from './turns.ts';

const COUNT_SPANS = query('count-spans');

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
  159, // TIMEOUT_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT: from here on also of one node of a cluster to another
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  236, // ABORTED: the engine is shutting down
  242, // TABLE_IS_READ_ONLY: a replica without its keeper
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  394, // QUERY_WAS_CANCELLED
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  319, // UNKNOWN_STATUS_OF_INSERT
  999, // KEEPER_EXCEPTION
]);

export interface LoaderOptions {
  journal: Journal;
  database: Database;
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
  readonly #loading: Loading;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #status: LoaderStatus = { spansLoaded: 0, segmentsLoaded: 0 };
  #spansStored = 0;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#loading = new Loading(options.database, options.indexed);
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
      const { pid } = this.#options.database.status();
      try {
        await this.#options.turns.take(() => this.#insert(segment, attempt));
        break;
      } catch (error) {
        if (isUnreadable(error) && (await this.#works())) return this.#isolate(segment, error);
        this.#options.onWarning(`segment ${segment.id} is not loaded yet: ${describe(error)}`);
        await this.#pause(attempt.backoffMs);
        attempt.backoffMs = Math.min(attempt.backoffMs * 2, BACKOFF_MAX_MS);
        const code = clickhouseCode(error);
        const engineDied = pid !== undefined && this.#options.database.status().pid !== pid;
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
      await this.#loading.store(load, segment);
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
    if (!(await this.#works())) return undefined;
    for (const load of LOADS) {
      const refusal = await this.#refusal(load, segment);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /**
   * Whether the engine could load a segment at all: no table is missing, no right was taken away, no
   * newer server has changed the schema. Otherwise every segment would look broken.
   */
  async #works(): Promise<boolean> {
    for (const load of LOADS) {
      if ((await this.#refusal(load, undefined)) !== undefined) return false;
    }
    return true;
  }

  /** What the engine says, or dies of, that it would say again; undefined when it loads it. */
  async #refusal(load: Load, segment: Segment | undefined): Promise<unknown> {
    const { database } = this.#options;
    const { pid } = database.status();
    try {
      await this.#loading.probe(load, segment);
      return undefined;
    } catch (error) {
      const code = clickhouseCode(error);
      const engineDied = pid !== undefined && database.status().pid !== pid;
      return engineDied || (code !== undefined && !TRANSIENT_CODES.has(code)) ? error : undefined;
    }
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

  async #countSpans(): Promise<number> {
    const [row] = await this.#options.database.rows<{ spans: string }>(COUNT_SPANS, {});
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

function isUnreadable(error: unknown): boolean {
  const code = clickhouseCode(error);
  return code !== undefined && UNREADABLE_CODES.has(code);
}

function describe(error: unknown): string {
  const message = error instanceof ThroughlineError ? error.message : String(error);
  return message.slice(0, 300);
}
