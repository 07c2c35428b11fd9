import { stripVTControlCharacters } from 'node:util';
import { NS_PER_S, type StatusResponse } from '@throughline/model';
import { expect, test } from 'vitest';
import { statusReport } from './status-report.ts';
import { printable } from './text.ts';

const AT = 1_764_010_800_000_000_000n;

function ago(seconds: number): bigint {
  return AT - BigInt(seconds) * NS_PER_S;
}

const RECEIVED = {
  requests: 1_842,
  spansAccepted: 48_213,
  rejected: { TL_OTLP_MALFORMED: { requests: 12, spans: 340 } },
  lastReceivedAt: ago(2),
};

const STATUS: StatusResponse = {
  version: '0.1.0',
  at: AT,
  startedAt: ago(10_800),
  endpoints: {
    ui: 'http://127.0.0.1:16686',
    otlpHttp: 'http://127.0.0.1:4318',
    zipkin: 'http://127.0.0.1:9411',
  },
  warnings: [],
  ingest: { ...RECEIVED, protocols: { 'otlp-http': RECEIVED }, refusals: [] },
  journal: { segments: 3, bytes: 1_200_000, bytesMax: 1_000_000_000, lagMs: 140 },
  store: {
    spansLoaded: 48_213,
    segmentsLoaded: 14,
    recordsQuarantined: 0,
    quarantine: [],
    warnings: [],
  },
  retention: {
    tables: [{ name: 'spans', rows: 4_812_337, bytes: 812_000_000, oldestReceivedAt: ago(9_000) }],
    diskBytes: 940_000_000,
    diskBytesMax: 10_000_000_000,
    prunings: [],
    lifecyclesGivenUp: 0,
  },
  engine: { state: 'ready', restarts: 1, version: '26.7.2.1', pid: 4242 },
  memory: { serverBytes: 180_000_000, engineBytes: 420_000_000 },
};

/** As it reads, whatever colours the terminal has. */
function linesOf(status: StatusResponse): string[] {
  return statusReport(status, 'http://h:1').split('\n').map(stripVTControlCharacters);
}

function refusal(sender: string, message: string): StatusResponse['ingest']['refusals'][number] {
  const code = 'TL_OTLP_MALFORMED';
  return { at: ago(720), protocol: 'otlp-http', sender, code, message, spans: 1, count: 3 };
}

test('the report is short and aligned', () => {
  const refusals = [refusal('127.0.0.1 (curl/8)', 'no trace id. Mend the sender.')];
  expect(linesOf({ ...STATUS, ingest: { ...STATUS.ingest, refusals } })).toEqual([
    'Throughline 0.1.0 at http://h:1, up 3 h',
    'Receiving: The last spans came 2 s ago.',
    '',
    'Receiving  requests  refused   spans  refused     last  address',
    'OTLP/HTTP     1,842       12  48,213      340  2 s ago  http://127.0.0.1:4318',
    'Zipkin            0        0       0        0    never  http://127.0.0.1:9411',
    '',
    'Refusals     newest first',
    '  12 min ago, OTLP/HTTP from 127.0.0.1 (curl/8): 3 times, 1 span',
    '    TL_OTLP_MALFORMED no trace id. Mend the sender.',
    'Journal      1.2 MB of 1 GB, 3 segments, behind by 140.0 ms',
    'Store        48,213 spans since the start; a minute ago 4,812,337 spans in 940 MB of 10 GB; nothing pruned yet',
    'Set aside    nothing',
    'Engine       ready, 1 restart, ClickHouse 26.7.2.1, 420 MB, server 180 MB',
  ]);
});

test('what is wrong comes first', () => {
  const engine = { ...STATUS.engine, state: 'restarting' as const };
  const warnings = ['No zipkin receiver: port 9411 is in use.'];
  const [, first, ...others] = linesOf({ ...STATUS, engine, warnings });
  expect(first).toMatch(/^Engine restarting: Spans are kept in the journal/);
  expect(others).toContain('Note: No zipkin receiver: port 9411 is in use.');
});

test('of many refusals the newest are shown, and how many more there are', () => {
  const refusals = Array.from({ length: 50 }, (_, index) => refusal(`10.0.0.${index}`, 'x'));
  const report = linesOf({ ...STATUS, ingest: { ...STATUS.ingest, refusals } }).join('\n');
  expect(report).toContain('from 10.0.0.4:');
  expect(report).not.toContain('from 10.0.0.5:');
  expect(report).toContain('and 45 more');
});

test('text of a stranger neither commands the terminal nor begins a line', () => {
  const sent = '\u001b[2J\u009b31m\r\nOK\u202etxt\u2028\u0007';
  expect(printable(sent)).toBe('?[2J?31m??OK?txt??');
  expect(printable('x'.repeat(400))).toBe(`${'x'.repeat(300)}...`);
  const refusals = [refusal(sent, sent)];
  const status = {
    ...STATUS,
    version: sent,
    warnings: [sent],
    ingest: { ...STATUS.ingest, refusals },
    store: { ...STATUS.store, recordsQuarantined: 1, warnings: [sent] },
  };
  const lines = linesOf(status);
  expect(lines.filter((line) => /[\p{Cc}\u202e\u2028]/u.test(line))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('OK'))).toEqual([]);
});
