import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server that takes spans over OTLP, as the benchmarks know it. */
export interface Collector {
  readonly name: string;
  /** Base addresses. */
  readonly otlpHttp: string;
  readonly otlpGrpc: string;
  /** Its processes; CPU time and memory are told of each. */
  readonly pids: Readonly<Record<string, number>>;
  /** How many spans of a trace are there; undefined for a collector that answers no queries. */
  readonly spansOfTrace: ((traceId: string) => Promise<number>) | undefined;
  /** Resolves when everything acknowledged can be read. */
  stored(): Promise<void>;
  /** Spans that are stored, by its own count; undefined where it does not count. */
  storedSpans(): Promise<number | undefined>;
  /** Stops it and deletes its data. @returns what they took on disk */
  close(): Promise<StoredBytes>;
}

export interface StoredBytes {
  /** What is in use; not what was merged into something else and waits to be deleted. */
  readonly bytes: number;
  /** By table, where there are tables. */
  readonly tables: Readonly<Record<string, number>>;
}

/** A folder below the system's temporary one (TMPDIR), and how to delete it. */
export function dataFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
