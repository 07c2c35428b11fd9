import type { HrTime } from '@opentelemetry/api';
import { Clock } from './clock.ts';

/** The clock of this thread's spans. */
export const clock = new Clock();

/**
 * Now, by the clock that times the spans: for a start or end time that is to be given explicitly.
 */
export function spanTime(): HrTime {
  return clock.now();
}
