import { setTimeout as delay } from 'node:timers/promises';

const PING_INTERVAL_MS = 2_000;
/** One late answer may be ours: a server that was paused finds all its timers due. */
const FAILURES_MIN = 2;

/**
 * Pings the engine, whose answer goes through its native part, until `signal` is aborted.
 *
 * @returns true when it has not answered for `answerMsMax`, false when it was aborted before
 */
export async function isUnresponsive(
  url: string,
  answerMsMax: number,
  signal: AbortSignal,
): Promise<boolean> {
  const timeoutMs = answerMsMax / FAILURES_MIN;
  const intervalMs = Math.min(PING_INTERVAL_MS, timeoutMs);
  let failures = 0;
  let answeredMs = performance.now();
  while (failures < FAILURES_MIN || performance.now() - answeredMs < answerMsMax) {
    await delay(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return false;
    const answered = await answers(url, timeoutMs);
    failures = answered ? 0 : failures + 1;
    if (answered) answeredMs = performance.now();
  }
  return !signal.aborted;
}

async function answers(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
