import { type StatusResponse, ThroughlineError } from '@throughline/model';
import { openDataDir } from './data-dir.ts';
import { Engine } from './engine/engine.ts';
import { Journal } from './journal/journal.ts';
import { Loader } from './loader.ts';
import { Quarantine } from './quarantine.ts';
import { EngineReads } from './reads/engine-reads.ts';
import { query } from './sql.ts';
import type { TraceStore } from './trace-store.ts';

const JOURNAL_BYTES_MAX = 1024 ** 3;
const SEGMENT_BYTES_MAX = 4 * 1024 ** 2;
const SEGMENT_AGE_MS = 500;
const ENGINE_MEMORY_BYTES_MAX = 2 * 1024 ** 3;

export interface StoreOptions {
  /**
   * Holds everything: journal, engine tables, quarantine. Created when missing; one server at a
   * time.
   */
  dataDir: string;
  /** Above this the journal refuses records with `TL_OVERLOADED`. */
  journalBytesMax?: number;
  /** A segment is handed to the engine when it has this size, or this age. */
  segmentBytesMax?: number;
  segmentAgeMs?: number;
  /** Bounds what the engine allocates. */
  engineMemoryBytesMax?: number;
  /** Told in one line what an operator should know: a restart, a quarantined record. */
  onWarning?: (message: string) => void;
}

/** Part of `GET /api/status`. */
export type StoreStatus = Pick<StatusResponse, 'journal' | 'store' | 'engine'>;

/** Everything that is kept: spans go in as OTLP records and come out through `reads`. */
export interface Store {
  /**
   * Takes one `ExportTraceServiceRequest` whose wire format was checked. Resolves once it is on
   * disk (fsync; concurrent records share one): from then on it survives any crash.
   *
   * @throws ThroughlineError `TL_OVERLOADED` when the journal is full, `TL_JOURNAL_FAILED`
   */
  append(record: Uint8Array): Promise<void>;
  readonly reads: TraceStore;
  status(): Promise<StoreStatus>;
  /**
   * Resolves when every record appended before the call is visible to readers.
   *
   * @throws ThroughlineError `TL_ENGINE_UNAVAILABLE` when that takes longer than `timeoutMs`
   */
  settled(timeoutMs: number): Promise<void>;
  /**
   * Stops the engine; acknowledged records that are not loaded yet are loaded at the next start.
   */
  close(): Promise<void>;
}

/**
 * Opens the store: locks the data directory, recovers the journal, starts the engine child, applies
 * the schema and begins to load.
 *
 * @throws ThroughlineError `TL_DATA_DIR_UNWRITABLE`, `TL_DATA_DIR_LOCKED`, `TL_ENGINE_FAILED`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const onWarning = options.onWarning ?? (() => undefined);
  const dataDir = openDataDir(options.dataDir);
  const engine = new Engine({
    path: dataDir.engine,
    memoryBytesMax: options.engineMemoryBytesMax ?? ENGINE_MEMORY_BYTES_MAX,
    onWarning,
  });
  try {
    const journalOptions = {
      dir: dataDir.journal,
      bytesMax: options.journalBytesMax ?? JOURNAL_BYTES_MAX,
      segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
      segmentAgeMs: options.segmentAgeMs ?? SEGMENT_AGE_MS,
    };
    const journal = await Journal.open(journalOptions);
    const quarantine = await Quarantine.open(dataDir.quarantine);
    await engine.start();
    const loader = new Loader({ journal, engine, quarantine, onWarning });
    await loader.start();
    return new OpenStore({
      journal,
      journalBytesMax: journalOptions.bytesMax,
      quarantine,
      engine,
      loader,
      detachedParts: await findDetachedParts(engine),
      unlock: dataDir.unlock,
    });
  } catch (error) {
    await engine.stop();
    dataDir.unlock();
    throw error;
  }
}

interface Parts {
  journal: Journal;
  journalBytesMax: number;
  quarantine: Quarantine;
  engine: Engine;
  loader: Loader;
  detachedParts: string[];
  unlock: () => void;
}

class OpenStore implements Store {
  readonly reads: TraceStore;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.reads = new EngineReads(parts.engine);
  }

  append(record: Uint8Array): Promise<void> {
    return this.#parts.journal.append(record);
  }

  async status(): Promise<StoreStatus> {
    const { journal, journalBytesMax, quarantine, engine, loader, detachedParts } = this.#parts;
    const { segments, bytes, oldestMs } = journal.status();
    const { pid, ...engineStatus } = engine.status();
    const discarded = `${quarantine.discarded} unreadable records were discarded: too many`;
    return {
      journal: {
        segments,
        bytes,
        bytesMax: journalBytesMax,
        lagMs: oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs),
      },
      store: {
        ...loader.status(),
        recordsQuarantined: quarantine.records + quarantine.discarded,
        warnings: [...detachedParts, ...(quarantine.discarded > 0 ? [discarded] : [])],
      },
      engine: { ...engineStatus, ...(pid === undefined ? {} : { pid }) },
    };
  }

  async settled(timeoutMs: number): Promise<void> {
    if (await this.#parts.journal.drained(timeoutMs)) return;
    throw new ThroughlineError(
      'TL_ENGINE_UNAVAILABLE',
      `not everything received is stored after ${timeoutMs} ms`,
    );
  }

  async close(): Promise<void> {
    const { journal, loader, engine, unlock } = this.#parts;
    await journal.close();
    await loader.stop();
    await engine.stop();
    unlock();
  }
}

interface DetachedPartRow {
  table: string;
  name: string;
  reason: string;
}

/**
 * A part that the engine could not read is set aside at the start, and its rows are silently
 * missing.
 */
async function findDetachedParts(engine: Engine): Promise<string[]> {
  const rows = await engine.rows<DetachedPartRow>(query('detached-parts'), {});
  return rows.map(({ table, name, reason }) => `part ${name} of ${table} is set aside: ${reason}`);
}
