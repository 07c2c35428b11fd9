/** Statements that run at once, and that wait for their turn. */
export const RUNNING_MAX = 16;
export const WAITING_MAX = 64;
/** Answers sent while their query runs: as fast as their reader takes them, so they count apart. */
export const STREAMING_MAX = 4;
export const STREAMING_WAITING_MAX = 16;

/** Each statement waits in a thread of libuv; files and compression use others. */
export const THREADS = RUNNING_MAX + STREAMING_MAX + 8;

/** No statement runs longer, unless it says so itself. */
const EXECUTION_S_MAX = 300;
/** An answer that is kept in memory as a whole. */
const ANSWER_BYTES_MAX = 64 * 1024 ** 2;
/** Parameters and settings are set by statements of their own; URLs bound them. */
const QUERY_BYTES_MAX = 16 * 1024 ** 2;

/**
 * Settings under which every statement runs, as the command line of the engine's library.
 *
 * @param memoryBytesMax what the engine may allocate
 */
export function engineArguments(memoryBytesMax: number): string[] {
  return [
    // Caches are small: segments are read once, and the tables' own pages are in the page cache.
    '--mark_cache_size=67108864',
    '--index_mark_cache_size=16777216',
    '--primary_index_cache_size=67108864',
    '--query_condition_cache_size=1048576',
    '--async_insert=0',
    // As a server has it; the library takes `1` for `SELECT 1`.
    '--implicit_select=0',
    `--max_server_memory_usage=${memoryBytesMax}`,
    `--max_memory_usage=${Math.floor(memoryBytesMax * 0.75)}`,
    `--max_execution_time=${EXECUTION_S_MAX}`,
    `--max_result_bytes=${ANSWER_BYTES_MAX}`,
    `--max_query_size=${QUERY_BYTES_MAX}`,
  ];
}
