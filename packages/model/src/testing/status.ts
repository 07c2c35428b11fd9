import type { StatusResponse } from '../api/status.ts';

/** Of a server that has run for three hours, with spans that came two seconds ago. */
export function healthyStatus(): StatusResponse {
  const lastReceivedAt = 1_764_010_798_000_000_000n;
  const received = { requests: 812, spansAccepted: 48_213, rejected: {}, lastReceivedAt };
  return {
    version: '0.1.0',
    at: 1_764_010_800_000_000_000n,
    startedAt: 1_764_000_000_000_000_000n,
    endpoints: { ui: 'http://127.0.0.1:16686', otlpHttp: 'http://127.0.0.1:4318' },
    warnings: [],
    ingest: { ...received, protocols: { 'otlp-http': received }, refusals: [] },
    journal: { segments: 3, bytes: 1_200_000, bytesMax: 1_000_000_000, lagMs: 140 },
    store: {
      spansLoaded: 48_213,
      segmentsLoaded: 14,
      recordsQuarantined: 0,
      quarantine: [],
      warnings: [],
    },
    retention: { tables: [], diskBytes: 12_000_000, prunings: [], lifecyclesGivenUp: 0 },
    engine: { state: 'ready', restarts: 0, version: '26.7.2.1', pid: 4242 },
    memory: { serverBytes: 180_000_000, engineBytes: 420_000_000 },
  };
}
