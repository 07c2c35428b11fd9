import { NS_PER_S, type StatusResponse } from '@throughline/model';
import { healthyStatus } from '../../../packages/model/src/testing/status.ts';
import { HOSTILE_TEXTS } from './hostile.ts';

const HOUR_S = 3_600;

type Refusal = StatusResponse['ingest']['refusals'][number];

/** Refusals as long as the server keeps them: senders of 200 characters, messages of 1,000. */
function longRefusals(now: bigint): Refusal[] {
  return Array.from({ length: 50 }, (_, index) => ({
    at: now - BigInt(index * index * 7 + 3) * NS_PER_S,
    protocol: index % 3 === 0 ? 'otlp-grpc' : 'otlp-http',
    sender: `10.0.${index}.7 (${`OTel-OTLP-Exporter-JavaScript/0.21${index} `.repeat(6)})`.slice(
      0,
      200,
    ),
    code: index % 4 === 0 ? 'TL_OVERLOADED' : 'TL_OTLP_MALFORMED',
    message: `resourceSpans[0].scopeSpans[0].spans[${index}].traceId ${'0af7651916cd43dd8448eb211c80319c'.repeat(2)} has 9 bytes. ${'A trace id has 16 bytes, in JSON 32 hex digits. '.repeat(17)}`,
    spans: index * 40,
    count: index + 1,
  }));
}

/** Of a server on which everything happened that can happen, and that still receives. */
export function eventfulStatus(): StatusResponse {
  const status = healthyStatus();
  const { at } = status;
  const ago = (seconds: number) => at - BigInt(seconds) * NS_PER_S;
  const rejected = {
    TL_OTLP_MALFORMED: { requests: 912, spans: 36_400 },
    TL_OVERLOADED: { requests: 325, spans: 12_480 },
  };
  const tables = [
    ['origins', 212, 41_000],
    ['spans', 4_812_337, 812_400_000],
    ['trace_links', 1_204_551, 96_000_000],
    ['correlation', 9_330_118, 244_000_000],
    ['lifecycle_spans', 310_402, 77_100_000],
  ] as const;
  return {
    ...status,
    endpoints: {
      ...status.endpoints,
      otlpGrpc: 'http://127.0.0.1:4317',
      jaegerHttp: 'http://127.0.0.1:14268',
      jaegerCompact: 'udp://127.0.0.1:6831',
      zipkin: 'http://127.0.0.1:9411',
    },
    warnings: [
      'No jaeger-binary receiver: port 6832 (jaeger-binary) is in use. Stop what uses it, or choose another port.',
    ],
    ingest: {
      ...status.ingest,
      requests: 8_120,
      rejected,
      protocols: {
        'otlp-http': { requests: 8_089, spansAccepted: 36_201, rejected, lastReceivedAt: ago(2) },
        'otlp-grpc': { requests: 31, spansAccepted: 12_012, rejected: {}, lastReceivedAt: ago(40) },
      },
      refusals: longRefusals(at),
    },
    journal: { segments: 21, bytes: 861_000_000, bytesMax: 1_000_000_000, lagMs: 94_000 },
    store: {
      ...status.store,
      recordsQuarantined: 3,
      quarantine: [
        {
          id: '01J8Z6W4-0000000000000123-a1b2c3d4',
          at: ago(2 * HOUR_S),
          records: 2,
          bytes: 48_211,
          reason: 'the checksum of 2 records at byte 1048576 is not theirs: the disk damaged them',
        },
        {
          id: '01J8Z6W4-0000000000000098',
          at: ago(30 * HOUR_S),
          records: 1,
          bytes: 912,
          reason: 'the engine cannot decode it: Cannot read all data (code 33)',
        },
      ],
      warnings: [
        '1 part of spans was set aside by the engine as broken-on-start: 12,000 rows are missing',
      ],
    },
    retention: {
      tables: tables.map(([name, rows, bytes]) => ({
        name,
        rows,
        bytes,
        oldestReceivedAt: ago(6 * 24 * HOUR_S),
      })),
      diskBytes: 9_420_000_000,
      diskBytesMax: 10_000_000_000,
      prunings: [
        {
          at: ago(20 * 60),
          reason: 'size',
          tables: tables.map(([name]) => name),
          from: ago(150 * HOUR_S),
          until: ago(149 * HOUR_S),
          rows: 1_204_000,
          bytes: 310_000_000,
          lifecyclesCarried: 12,
          spansCarried: 408,
          lifecyclesGivenUp: 0,
        },
        {
          at: ago(26 * HOUR_S),
          reason: 'age',
          tables: ['spans', 'origins'],
          from: ago(200 * HOUR_S),
          until: ago(190 * HOUR_S),
          rows: 804_000,
          bytes: 120_000_000,
          lifecyclesCarried: 1_408,
          spansCarried: 30_412,
          lifecyclesGivenUp: 2,
        },
      ],
      lifecyclesGivenUp: 2,
    },
    engine: { ...status.engine, restarts: 2 },
  };
}

/** Every text that may come from a stranger is one of those that someone sends to run a script. */
export function hostileStatus(): StatusResponse {
  const status = eventfulStatus();
  const { ingest, store } = status;
  return {
    ...status,
    version: HOSTILE_TEXTS[0] ?? '',
    warnings: HOSTILE_TEXTS,
    ingest: {
      ...ingest,
      rejected: Object.fromEntries(HOSTILE_TEXTS.map((text) => [text, { requests: 1, spans: 1 }])),
      refusals: HOSTILE_TEXTS.map((text, index) => ({
        at: status.at,
        protocol: text,
        sender: `${index} ${text}`,
        code: text,
        message: text,
        spans: 1,
        count: 1,
      })),
    },
    store: {
      ...store,
      quarantine: HOSTILE_TEXTS.map((text, index) => ({
        id: `${index} ${text}`,
        at: status.at,
        records: 1,
        bytes: 1,
        reason: text,
      })),
      warnings: HOSTILE_TEXTS,
    },
    engine: { ...status.engine, version: HOSTILE_TEXTS[1] ?? '' },
  };
}
