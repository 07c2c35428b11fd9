import type { Database, QueryParameters } from './database.ts';
import { type Indexed, loadParameters } from './indexed.ts';
import { bucketOf, type Segment } from './journal/segment.ts';
import { OTLP_STRUCTURES } from './schema/otlp.ts';
import { localTable } from './schema/render.ts';
import { query, read } from './sql.ts';

/** In this order: an origin is there before a span that names it. */
export const LOADS = ['origins', 'spans'] as const;
export type Load = (typeof LOADS)[number];

const QUERIES: Readonly<Record<Load, string>> = {
  origins: query('load-origins'),
  spans: query('load-spans'),
};

const SETTINGS = {
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

/** Hands segments to the database. */
export class Loading {
  readonly #database: Database;
  readonly #indexed: Indexed;
  /** The door through which spans go to all tables is on each node; origins are written directly. */
  readonly #tables: Readonly<Record<Load, string>>;

  constructor(database: Database, indexed: Indexed) {
    this.#database = database;
    this.#indexed = indexed;
    this.#tables = { origins: localTable(database.layout, 'origins'), spans: 'received_spans' };
  }

  /** Stores what a segment has for this load. Doing it again, whatever happened before, adds nothing. */
  async store(load: Load, segment: Segment): Promise<void> {
    await this.#run(load, this.#tables[load], segment, { insert_deduplication_token: segment.id });
  }

  /** Decodes a segment, or nothing at all, as a load does, and stores nothing. */
  async probe(load: Load, segment: Segment | undefined): Promise<void> {
    await this.#run(load, `probed_${load}`, segment, {});
  }

  async #run(
    load: Load,
    table: string,
    segment: Segment | undefined,
    settings: { insert_deduplication_token?: string },
  ): Promise<void> {
    await this.#database.load(
      QUERIES[load].replace('{{table}}', table),
      { segment, structure: OTLP_STRUCTURES[load] },
      this.#parametersOf(load, segment),
      { ...SETTINGS, ...settings },
    );
  }

  #parametersOf(load: Load, segment: Segment | undefined): QueryParameters {
    // From the segment, not from the clock: a repeated load has to hit the same partition.
    const bucket = segment ? bucketOf(segment) : 0;
    if (load === 'origins') return { bucket };
    return { bucket, ...loadParameters(this.#indexed) };
  }
}
