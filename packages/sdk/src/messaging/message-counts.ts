/** Messages consumed by one service, by what their context was worth (tracing-model, section 6). */
export interface MessageCounts {
  /** With a usable context: continued, or linked. */
  withContext: number;
  /** Without any: a new trace was started. */
  withoutContext: number;
  /** With one that breaks the W3C rules: a new trace was started. */
  malformed: number;
}

export function createMessageCounts(): MessageCounts {
  return { withContext: 0, withoutContext: 0, malformed: 0 };
}
