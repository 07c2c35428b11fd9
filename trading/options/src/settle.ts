/**
 * Waits until all are settled: work that goes on in the background would meet its own repetition.
 *
 * @throws what the first of them threw
 */
export async function settleAll(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
