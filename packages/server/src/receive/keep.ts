import type { Admitted } from './otlp-wire.ts';
import type { ReceiverOptions } from './receiver.ts';

/**
 * Keeps the spans of an admitted request and counts them, and those left out of it. Resolves when
 * they are durable.
 *
 * @throws ThroughlineError `TL_OVERLOADED`, `TL_JOURNAL_FAILED`, or the first defect when every span is
 *   left out; nothing is counted then, since the caller refuses the whole request
 */
export async function keep(
  { record, spanCount, rejected }: Admitted,
  { append, counters }: Pick<ReceiverOptions, 'append' | 'counters'>,
  sender: string,
): Promise<void> {
  if (spanCount === 0 && rejected !== undefined && rejected.spans > 0) throw rejected.error;
  if (spanCount > 0) await append(record, spanCount);
  counters.accept(spanCount);
  if (rejected !== undefined) {
    counters.leaveOut(rejected.error, { sender, spanCount: rejected.spans });
  }
}

/** All spans of an admitted request, for when it is refused after all. */
export function spanCountOf({ spanCount, rejected }: Admitted): number {
  return spanCount + (rejected?.spans ?? 0);
}
