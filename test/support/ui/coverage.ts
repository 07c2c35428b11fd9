import type { CoverageResponse, Hop } from '@throughline/model';

const RANGE = { start: 1_764_000_000_000_000_000n, end: 1_764_000_900_000_000_000n };
const NONE = { missing: 0, malformed: 0, missed: 0, orphaned: 0, linksDropped: 0 };

export const NO_MESSAGES: CoverageResponse = {
  ...RANGE,
  ...{ total: { ...NONE, consumed: 0, usable: 0, coverage: 1 }, hops: [], truncated: false },
};

/** Two hops, the first of which lost every tenth context. */
export function lossyCoverage(exampleTraceId: string): CoverageResponse {
  const market = { producer: 'socket-client', transport: 'nats', destination: 'market.data' };
  const lossy: Hop = {
    ...{ ...market, consumer: 'data-manager', ...NONE, consumed: 1_000, usable: 900 },
    ...{ missing: 100, coverage: 0.9, exampleTraceId },
  };
  const whole: Hop = {
    ...{ ...market, consumer: 'strategies', ...NONE, consumed: 1_000, usable: 1_000, coverage: 1 },
    exampleTraceId,
  };
  const total = { ...NONE, consumed: 2_000, usable: 1_900, missing: 100, coverage: 0.95 };
  return { ...RANGE, total, hops: [lossy, whole], truncated: false };
}
