import { ClickHouseError } from '@clickhouse/client';
import { type ErrorCode, ThroughlineError } from '@throughline/model';
import { CODE, type CodeName } from './exceptions.ts';

/** ClickHouse's own error code, when the engine answered with one. */
export function clickhouseCode(error: unknown): number | undefined {
  const cause = error instanceof ThroughlineError ? error.cause : error;
  return cause instanceof ClickHouseError ? Number(cause.code) : undefined;
}

/** What was wrong with a statement, in our own terms. The cause keeps the engine's code. */
export function toThroughlineError(error: unknown): ThroughlineError {
  const code = clickhouseCode(error);
  if (code === undefined) return unavailable(error);
  const known = KNOWN.get(code);
  const said = error instanceof Error ? error.message : String(error);
  return new ThroughlineError(
    known?.code ?? 'TL_QUERY_FAILED',
    known?.message ?? `the engine refused the query (${code}): ${said}`,
    { ...(known?.hint === undefined ? {} : { hint: known.hint }), cause: error },
  );
}

export function unavailable(cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_ENGINE_UNAVAILABLE', 'the trace store is starting again', {
    hint: 'Try again in a second. What was received is safe.',
    cause,
  });
}

interface Meaning {
  code: ErrorCode;
  message?: string;
  hint?: string;
}

const TOO_LARGE: Meaning = {
  code: 'TL_QUERY_TOO_LARGE',
  message: 'the query needs more memory, or has a larger answer, than it may',
  hint: 'Narrow the time range, or ask for less at once.',
};
const BUSY: Meaning = {
  code: 'TL_ENGINE_UNAVAILABLE',
  message: 'the trace store is too busy',
  hint: 'Try again in a second. What was received is safe.',
};
const DAMAGED: Meaning = {
  code: 'TL_QUERY_FAILED',
  message: 'a part of the tables is damaged on disk, and the query needs it',
  hint: 'Start the server again: it sets damaged parts aside and says what is missing.',
};

const MEANINGS: Partial<Record<CodeName, Meaning>> = {
  TIMEOUT_EXCEEDED: {
    code: 'TL_QUERY_TIMEOUT',
    message: 'the query took too long',
    hint: 'Narrow the time range.',
  },
  MEMORY_LIMIT_EXCEEDED: TOO_LARGE,
  TOO_MANY_ROWS: TOO_LARGE,
  TOO_MANY_BYTES: TOO_LARGE,
  TOO_MANY_ROWS_OR_BYTES: TOO_LARGE,
  TOO_MANY_SIMULTANEOUS_QUERIES: BUSY,
  ABORTED: { ...BUSY, message: 'the trace store is starting again' },
  NOT_ENOUGH_SPACE: {
    code: 'TL_QUERY_FAILED',
    message: 'the disk of the data directory is full',
    hint: 'Free some space. What was received is safe, and is stored when there is room.',
  },
  UNKNOWN_TABLE: {
    code: 'TL_QUERY_FAILED',
    hint: 'A table is missing: start the server again, it creates those that are.',
  },
  CHECKSUM_DOESNT_MATCH: DAMAGED,
  CORRUPTED_DATA: DAMAGED,
  CANNOT_DECOMPRESS: DAMAGED,
};

const KNOWN: ReadonlyMap<number, Meaning> = new Map(
  Object.entries(MEANINGS).map(([name, meaning]) => [CODE[name as CodeName], meaning]),
);
