import { ThroughlineError } from '@throughline/model';
import type { FloorRow } from './floor-process.ts';

const DEADLINE_MS = 10_000;

/** What the services of the floor say of their own tracing, summed up. */
export interface SpanCounts {
  /** Services that were asked. */
  readonly services: number;
  /** Spans that the server took. */
  readonly exported: number;
  /** Spans that it never got. */
  readonly dropped: number;
  readonly messages: number;
  /** Those of the messages that came with trace context. */
  readonly withContext: number;
}

/**
 * Asks each service that has a health address for its metrics.
 *
 * @throws ThroughlineError `TL_DEMO_FAILED` when one does not answer
 */
export async function countSpans(rows: readonly FloorRow[]): Promise<SpanCounts> {
  const asked = rows.filter(({ health }) => health !== undefined);
  const texts = await Promise.all(asked.map(metricsOf));
  const sum = (name: string, label = ''): number =>
    texts.reduce((total, text) => total + sumOf(text, `throughline_sdk_${name}`, label), 0);
  return {
    services: asked.length,
    exported: sum('spans_exported_total'),
    dropped: sum('spans_dropped_total'),
    messages: sum('messages_consumed_total'),
    withContext: sum('messages_consumed_total', 'outcome="with_context"'),
  };
}

async function metricsOf({ service, health }: FloorRow): Promise<string> {
  try {
    const response = await fetch(`${health}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    return await response.text();
  } catch (cause) {
    const message = `${service} does not answer at ${health}/metrics`;
    throw new ThroughlineError('TL_DEMO_FAILED', message, { cause });
  }
}

/** The sum of a metric's samples, of those with the label where one is given. */
function sumOf(text: string, name: string, label: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => line.includes(label))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
