import { readTracingConfig } from './config.ts';
import { disabledTracing } from './disabled-tracing.ts';
import type { Tracing } from './tracing.ts';

let current: Tracing | undefined;
let none: Tracing | undefined;

/**
 * The tracing that serves OpenTelemetry's global API: the first that this process started, until its
 * shutdown. Before and after, one that is disabled: every call works and does nothing.
 */
export function currentTracing(): Tracing {
  if (current) return current;
  none ??= disabledTracing(readTracingConfig({ enabled: false }, {}));
  return none;
}

/** @returns gives the place up again, or `undefined` when another tracing holds it */
export function becomeCurrent(tracing: Tracing): (() => void) | undefined {
  if (current) return undefined;
  current = tracing;
  return () => {
    if (current === tracing) current = undefined;
  };
}
