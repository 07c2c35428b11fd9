import { expect, test } from 'vitest';
import { healthyStatus } from '../testing/status.ts';
import { protocolName, receiverSums } from './receivers.ts';

test('a receiver that listens has its sums, also before anything came', () => {
  const status = healthyStatus();
  const rejected = {
    TL_OVERLOADED: { requests: 2, spans: 8 },
    TL_OTLP_MALFORMED: { requests: 0, spans: 1 },
  };
  const counts = { requests: 10, spansAccepted: 90, rejected };
  const sums = receiverSums({
    ...status,
    endpoints: { ...status.endpoints, zipkin: 'http://127.0.0.1:9411' },
    ingest: {
      ...status.ingest,
      protocols: {
        'otlp-http': counts,
        // Of a receiver whose port another program has.
        'jaeger-http': { requests: 0, spansAccepted: 0, rejected: {} },
      },
    },
  });
  expect(sums).toEqual([
    {
      protocol: 'otlp-http',
      name: 'OTLP/HTTP',
      endpoint: 'http://127.0.0.1:4318',
      requests: 10,
      requestsRefused: 2,
      spansAccepted: 90,
      spansRefused: 9,
      lastReceivedAt: undefined,
    },
    {
      protocol: 'zipkin',
      name: 'Zipkin',
      endpoint: 'http://127.0.0.1:9411',
      requests: 0,
      requestsRefused: 0,
      spansAccepted: 0,
      spansRefused: 0,
      lastReceivedAt: undefined,
    },
  ]);
});

test('a protocol that is not known keeps its name', () => {
  expect(protocolName('jaeger-compact')).toBe('Jaeger compact');
  expect(protocolName('otlp-arrow')).toBe('otlp-arrow');
});
