import type { QueryParameters, QuerySettings } from '../engine/engine.ts';

/** What retention needs of the database. */
export interface Database {
  rows<Row>(query: string, parameters: QueryParameters, settings?: QuerySettings): Promise<Row[]>;
  command(query: string, parameters: QueryParameters, settings: QuerySettings): Promise<void>;
}

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
