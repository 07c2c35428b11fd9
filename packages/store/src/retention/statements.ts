import type { Layout, QuerySettings } from '../database.ts';
import { localTable, type StoredTable } from '../schema/render.ts';

/** Reads of retention may be long, and leave a processor to those who wait for theirs. */
export const PATIENT: QuerySettings = { max_execution_time: 240, max_threads: 1 };

/** As many ids of traces as one query is asked about: they travel in its address. */
const TRACES_AT_ONCE_MAX = 5_000;

/** The ids in parts that are small enough for a query each; the same ids always make the same parts. */
export function inParts(traceIds: Iterable<string>): string[][] {
  const sorted = [...traceIds].sort();
  const parts: string[][] = [];
  for (let from = 0; from < sorted.length; from += TRACES_AT_ONCE_MAX) {
    parts.push(sorted.slice(from, from + TRACES_AT_ONCE_MAX));
  }
  return parts;
}

/**
 * The statement with the names of the tables that it moves rows of, `{{spans}}` and so on. On a cluster
 * each server moves those of its own shard.
 */
export function onLocalTables(statement: string, layout: Layout): string {
  return statement.replaceAll(/\{\{(\w+)\}\}/g, (_, table: StoredTable) =>
    localTable(layout, table),
  );
}
