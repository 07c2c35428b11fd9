import { z } from 'zod';
import { formatDuration, nanosecondsSchema } from './time.ts';

/**
 * How far the clock of a host is ahead of that of the host where it begins; negative: behind. The truth is
 * within `uncertaintyNs` of it. Without one, messages went one way only, and this is the least that puts
 * effects after their causes. `messages`: how many there were between it and other hosts.
 */
const clockSkewSchema = z.object({
  host: z.string(),
  offsetNs: nanosecondsSchema,
  uncertaintyNs: nanosecondsSchema.optional(),
  messages: z.number().int(),
});
export type ClockSkew = z.output<typeof clockSkewSchema>;

/**
 * The clocks that are not right (tracing-model, section 4). Absent when all of them are, as far as the
 * messages tell.
 */
export const skewSchema = z.array(clockSkewSchema).optional();

/** One clock for people: `the clock of h2 is 1.500 s behind (± 0.2 ms, by 14 messages)`. */
export function formatSkew({ host, offsetNs, uncertaintyNs, messages }: ClockSkew): string {
  const size = formatDuration(offsetNs < 0n ? -offsetNs : offsetNs);
  const direction = offsetNs < 0n ? 'behind' : 'ahead';
  const sure =
    uncertaintyNs === undefined ? 'seen one way only' : `± ${formatDuration(uncertaintyNs)}`;
  const by = messages === 1 ? '1 message' : `${messages} messages`;
  return `the clock of ${host} is ${size} ${direction} (${sure}, by ${by})`;
}
