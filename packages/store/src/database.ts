import type { StatusResponse } from '@throughline/model';
import type { Segment } from './journal/segment.ts';

export type QueryParameters = Record<string, string | number | bigint | readonly string[]>;
export type QuerySettings = Record<string, string | number>;

/** Where the tables of the store are. */
export interface Layout {
  readonly database: string;
  /**
   * The cluster, as its servers' configuration names it, over which every table is distributed; undefined
   * when the tables are plain ones of one server.
   */
  readonly cluster: string | undefined;
}

/** What stands in a statement of `queries/load-*.sql` for the segment that it reads. */
export const SEGMENT_MARK = '{{segment}}';

/** The journal records that a statement is to read. */
export interface Records {
  /** Undefined for none: the statement does everything but read. */
  readonly segment: Segment | undefined;
  /** The table structure in which they are decoded (`OTLP_STRUCTURES`). */
  readonly structure: string;
}

/**
 * ClickHouse, embedded or as a cluster: what the store needs of it. Errors of all its methods are
 * ThroughlineErrors; the cause of one with which ClickHouse answered has ClickHouse's code.
 */
export interface Database {
  readonly layout: Layout;
  /** @throws ThroughlineError `TL_ENGINE_FAILED`, `TL_CLUSTER_UNAVAILABLE`, `TL_CONFIG_INVALID` */
  start(): Promise<void>;
  /**
   * The answer of a SELECT, whose values are bound from `parameters`. 64-bit integers are strings.
   * `settings` win over those of a read.
   */
  rows<Row>(query: string, parameters: QueryParameters, settings?: QuerySettings): Promise<Row[]>;
  /** Runs a statement that writes. */
  command(query: string, parameters: QueryParameters, settings: QuerySettings): Promise<void>;
  /** Runs an INSERT that reads records in the Protobuf format where {@link SEGMENT_MARK} stands. */
  load(
    statement: string,
    records: Records,
    parameters: QueryParameters,
    settings: QuerySettings,
  ): Promise<void>;
  /** Never waits. `pid` is that of an engine of our own. */
  status(): DatabaseStatus;
  stop(): Promise<void>;
}

/** Part of `GET /api/status`. */
export type DatabaseStatus = Omit<StatusResponse['engine'], 'pid'> & { pid: number | undefined };

const READ_TIMEOUT_S = 15;
const READ_MEMORY_BYTES_MAX = 512 * 1024 * 1024;

/**
 * Reads cannot write, and in `readonly` mode the engine refuses `file()`, `url()` and their like.
 */
export const READ_SETTINGS: QuerySettings = {
  readonly: 1,
  max_execution_time: READ_TIMEOUT_S,
  max_memory_usage: READ_MEMORY_BYTES_MAX,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 1,
  // An answer that fails half-way is an error from its beginning.
  wait_end_of_query: 1,
};

/** A load has no deadline of its own worth speaking of: cutting it off would only repeat it. */
export const COMMAND_TIMEOUT_S = 300;
