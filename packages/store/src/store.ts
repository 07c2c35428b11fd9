import {
  type LifecycleDefinition,
  type StatusResponse,
  ThroughlineError,
} from '@throughline/model';
import { type Backup, Backups } from './backup/backups.ts';
import { checkRestored } from './backup/restore.ts';
import { Buckets, periodOf } from './buckets.ts';
import { Cluster } from './cluster/cluster.ts';
import type { ClusterOptions } from './cluster/connection.ts';
import { openDataDir } from './data-dir.ts';
import type { Database } from './database.ts';
import { findDetachedParts } from './detached-parts.ts';
import { Engine } from './engine/engine.ts';
import { indexedBy } from './indexed.ts';
import { type Durability, Journal } from './journal/journal.ts';
import { Loader } from './loader.ts';
import { Quarantine } from './quarantine.ts';
import { EngineReads } from './reads/engine-reads.ts';
import { agesOf, type RetentionLimits } from './retention/limits.ts';
import { Prunings } from './retention/prunings.ts';
import { Retention } from './retention/retention.ts';
import { migrate } from './schema/migrate.ts';
import type { TraceStore } from './trace-store.ts';
import { Turns } from './turns.ts';

const JOURNAL_BYTES_MAX = 1024 ** 3;
const SEGMENT_BYTES_MAX = 16 * 1024 ** 2;
const SEGMENT_AGE_MS = 500;
const ENGINE_MEMORY_BYTES_MAX = 2 * 1024 ** 3;
const QUARANTINE_LISTED_MAX = 20;
const NO_LIMITS: RetentionLimits = {
  ageMs: Number.POSITIVE_INFINITY,
  diskBytesMax: Number.POSITIVE_INFINITY,
};

export interface StoreOptions {
  /**
   * Holds everything: journal, engine tables (unless they are on a cluster), quarantine. Created when
   * missing; one server at a time.
   */
  dataDir: string;
  /** Where the tables are, when not in the data directory; several servers may share one. */
  cluster?: ClusterOptions;
  /** The server's, to be recorded with the tables that it creates or changes. */
  version?: string;
  /** The lifecycles that are to be found and listed. */
  lifecycles: readonly LifecycleDefinition[];
  /** What an acknowledgement means; `fsync` by default. */
  durability?: Durability;
  /** Above this the journal refuses records with `TL_OVERLOADED`. */
  journalBytesMax?: number;
  /** A segment is handed to the engine when it has this size, or this age. */
  segmentBytesMax?: number;
  segmentAgeMs?: number;
  /** Bounds what the embedded engine allocates. */
  engineMemoryBytesMax?: number;
  /** What is kept for how long and on how much disk; everything by default. */
  retention?: RetentionLimits;
  /** The wall clock by which what is received grows old, in milliseconds. */
  clock?: () => number;
  /** Told in one line what an operator should know: a restart, a quarantined record, a pruning. */
  onWarning?: (message: string) => void;
}

/** Part of `GET /api/status`. */
export type StoreStatus = Pick<StatusResponse, 'journal' | 'store' | 'retention' | 'engine'>;

/** Everything that is kept: spans go in as OTLP records and come out through `reads`. */
export interface Store {
  /**
   * Takes one `ExportTraceServiceRequest` whose wire format was checked. Resolves once it is as
   * safe as `durability` says (concurrent records share one fsync): it survives any crash.
   *
   * @throws ThroughlineError `TL_OVERLOADED` when the journal is full, `TL_OTLP_TOO_LARGE` when it
   *   could never hold this record, `TL_JOURNAL_FAILED`
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
  /** Prunes now what retention would prune within the minute. */
  prune(): Promise<void>;
  /**
   * Begins a backup of everything that was appended before the call; one at a time.
   *
   * @throws ThroughlineError `TL_BACKUP_RUNNING`, `TL_BACKUP_FAILED`, `TL_ENGINE_UNAVAILABLE`
   */
  backup(): Promise<Backup>;
  /**
   * Stops the engine; acknowledged records that are not loaded yet are loaded at the next start.
   */
  close(): Promise<void>;
}

/**
 * Opens the store: locks the data directory, recovers the journal, starts the engine child or
 * connects to the cluster, creates or migrates the tables and begins to load.
 *
 * @throws ThroughlineError `TL_DATA_DIR_UNWRITABLE`, `TL_DATA_DIR_LOCKED`, `TL_JOURNAL_FAILED`,
 *   `TL_ENGINE_FAILED`, `TL_CLUSTER_UNAVAILABLE`, `TL_CONFIG_INVALID`, `TL_SCHEMA_NEWER`,
 *   `TL_SCHEMA_UNKNOWN`, `TL_SCHEMA_FAILED`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const onWarning = options.onWarning ?? (() => undefined);
  const cluster = options.cluster && new Cluster(options.cluster, { onWarning });
  const dataDir = openDataDir(options.dataDir);
  const clock = options.clock ?? Date.now;
  const limits = { ...(options.retention ?? NO_LIMITS) };
  // Several servers share a cluster, whose disks are not this machine's.
  if (cluster) limits.diskBytesMax = Number.POSITIVE_INFINITY;
  const buckets = new Buckets({ periodS: periodOf(Object.values(agesOf(limits))), clock });
  const memoryBytesMax = options.engineMemoryBytesMax ?? ENGINE_MEMORY_BYTES_MAX;
  const database: Database =
    cluster ?? new Engine({ path: dataDir.engine, memoryBytesMax, onWarning });
  try {
    const journalOptions = {
      dir: dataDir.journal,
      durability: options.durability ?? 'fsync',
      bytesMax: options.journalBytesMax ?? JOURNAL_BYTES_MAX,
      segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
      segmentAgeMs: options.segmentAgeMs ?? SEGMENT_AGE_MS,
      bucket: () => buckets.current(),
    };
    checkRestored(dataDir.path);
    const quarantine = await Quarantine.open({ dir: dataDir.quarantine, onWarning });
    const journal = await Journal.open(journalOptions, quarantine);
    await database.start();
    await migrate(database, { appliedBy: options.version ?? '' });
    const indexed = indexedBy(options.lifecycles);
    const loader = new Loader({
      journal,
      database,
      quarantine,
      indexed,
      turns: new Turns(),
      onWarning,
      onLoaded: ({ bytes }) => retention.loaded(bytes),
    });
    const retention = new Retention({
      database,
      layout: database.layout,
      definitions: options.lifecycles,
      exclusive: (work) => loader.between(work),
      buckets,
      limits,
      prunings: await Prunings.open(dataDir.prunings),
      path: dataDir.path,
      clock,
      waiting: () => ({
        bytes: journal.status().bytes + quarantine.bytes,
        buckets: journal.buckets(),
      }),
      onWarning,
    });
    const backups = new Backups({
      database,
      isEmbedded: cluster === undefined,
      enginePath: dataDir.engine,
      quarantinePath: dataDir.quarantine,
      drained: (timeoutMs) => journal.drained(timeoutMs),
      exclusive: (work) => loader.between(work),
    });
    await backups.clear();
    await retention.start();
    await loader.start();
    return new OpenStore({
      journal,
      journalBytesMax: journalOptions.bytesMax,
      quarantine,
      database,
      loader,
      retention,
      backups,
      detachedParts: await findDetachedParts(database),
      unlock: dataDir.unlock,
    });
  } catch (error) {
    await database.stop();
    dataDir.unlock();
    throw error;
  }
}

interface Parts {
  journal: Journal;
  journalBytesMax: number;
  quarantine: Quarantine;
  database: Database;
  loader: Loader;
  retention: Retention;
  backups: Backups;
  detachedParts: string[];
  unlock: () => void;
}

class OpenStore implements Store {
  readonly reads: TraceStore;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.reads = new EngineReads(parts.database);
  }

  append(record: Uint8Array): Promise<void> {
    return this.#parts.journal.append(record);
  }

  async status(): Promise<StoreStatus> {
    const { journal, journalBytesMax, quarantine, database, loader, detachedParts } = this.#parts;
    const { segments, bytes, oldestMs } = journal.status();
    const { pid, ...engineStatus } = database.status();
    const discarded = `${quarantine.discarded} records were deleted from the quarantine: too many`;
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
        quarantine: quarantine.list(QUARANTINE_LISTED_MAX),
        warnings: [...detachedParts, ...(quarantine.discarded > 0 ? [discarded] : [])],
      },
      retention: this.#parts.retention.status(),
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

  prune(): Promise<void> {
    return this.#parts.retention.prune();
  }

  backup(): Promise<Backup> {
    return this.#parts.backups.begin();
  }

  async close(): Promise<void> {
    const { journal, loader, retention, backups, database, unlock } = this.#parts;
    await journal.close();
    await Promise.all([loader.stop(), retention.stop(), backups.stop()]);
    await database.stop();
    unlock();
  }
}
