import fc from 'fast-check';
import { expect, test } from 'vitest';
import { healthyStatus } from '../testing/status.ts';
import { NS_PER_S } from '../time.ts';
import { findingsOf, isReady } from './health.ts';
import type { StatusResponse } from './status.ts';

const HEALTHY = healthyStatus();

/** A refusal that is so many seconds old, counted as refusals are. */
function refused(ageS: number, ingest: Partial<StatusResponse['ingest']> = {}): StatusResponse {
  const code = 'TL_OTLP_MALFORMED';
  const refusal = {
    at: HEALTHY.at - BigInt(ageS) * NS_PER_S,
    protocol: 'otlp-http',
    sender: '127.0.0.1 (curl/8)',
    code,
    message: 'no trace id. Mend the sender.',
    spans: 1,
    count: 1,
  };
  const rejected = { [code]: { requests: 1, spans: 1 } };
  return { ...HEALTHY, ingest: { ...HEALTHY.ingest, rejected, refusals: [refusal], ...ingest } };
}

function pruned(reason: 'age' | 'size' | 'disk', ageS: number): StatusResponse['retention'] {
  const at = HEALTHY.at - BigInt(ageS) * NS_PER_S;
  const counts = { rows: 1, bytes: 1, lifecyclesCarried: 0, spansCarried: 0, lifecyclesGivenUp: 0 };
  const pruning = { at, reason, tables: ['spans'], from: 0n, until: 1n, ...counts };
  return { ...HEALTHY.retention, prunings: [pruning] };
}

function headline(changed: Partial<StatusResponse>): string | undefined {
  const [first] = findingsOf({ ...HEALTHY, ...changed });
  return first && `${first.level}: ${first.label}`;
}

test('a server that receives says so, and nothing else', () => {
  expect(findingsOf(HEALTHY)).toEqual([
    {
      level: 'good',
      about: 'receiving',
      label: 'Receiving',
      text: 'The last spans came 2 s ago.',
    },
  ]);
});

test('silence is told from never having received anything', () => {
  const { lastReceivedAt: _, ...never } = { ...HEALTHY.ingest, requests: 0 };
  expect(headline({ ingest: never })).toBe('calm: Nothing received yet');
  const lastReceivedAt = HEALTHY.at - 7_200n * NS_PER_S;
  expect(headline({ ingest: { ...HEALTHY.ingest, lastReceivedAt } })).toBe('good: Ready');
});

test.each(['starting', 'restarting', 'stopped'] as const)('an engine that is %s leads', (state) => {
  expect(headline({ engine: { ...HEALTHY.engine, state } })).toBe(`bad: Engine ${state}`);
});

test('a journal is full, nearly full, or behind', () => {
  const { journal } = HEALTHY;
  expect(headline({ journal: { ...journal, bytes: 1_000_000_000 } })).toBe('bad: Journal full');
  expect(headline({ journal: { ...journal, bytes: 810_000_000 } })).toBe(
    'warn: Journal nearly full',
  );
  expect(headline({ journal: { ...journal, lagMs: 61_000 } })).toBe('warn: Store behind');
});

test('a refusal is news for five minutes', () => {
  expect(headline(refused(300))).toBe('warn: Refusing');
  expect(findingsOf(refused(12))[0]?.text).toContain(
    'TL_OTLP_MALFORMED 12 s ago, OTLP/HTTP from 127.0.0.1:',
  );
  expect(headline(refused(301))).toBe('good: Receiving');
});

test('a server that has kept nothing at all refuses everything, however long ago', () => {
  const { ingest, ...rest } = refused(900);
  const { lastReceivedAt: _, ...never } = ingest;
  expect(headline({ ...rest, ingest: never })).toBe('bad: Refusing everything');
});

test('a defect for which nothing was refused is no refusal', () => {
  expect(headline(refused(1, { rejected: {} }))).toBe('good: Receiving');
});

test('a full file system is news, a store at its limit is how it always is', () => {
  expect(headline({ retention: pruned('disk', 60) })).toBe('warn: Disk nearly full');
  expect(headline({ retention: pruned('disk', 3_600) })).toBe('good: Receiving');
  expect(headline({ retention: pruned('size', 60) })).toBe('good: Receiving');
  const size = { ...HEALTHY.retention, diskBytes: 95, diskBytesMax: 100 };
  expect(findingsOf({ ...HEALTHY, retention: size }).map(({ level }) => level)).toEqual([
    'good',
    'calm',
  ]);
  expect(headline({ retention: { ...size, diskBytes: 101 } })).toBe('warn: Disk nearly full');
});

test('records set aside and damaged parts are warnings, notes of the start are not', () => {
  const { store } = HEALTHY;
  expect(headline({ store: { ...store, recordsQuarantined: 2 } })).toBe('warn: Set aside');
  expect(headline({ store: { ...store, warnings: ['a part is broken'] } })).toBe(
    'warn: Stored data',
  );
  const noted = findingsOf({ ...HEALTHY, warnings: ['No zipkin receiver.', 'Another.'] });
  expect(noted.map(({ text }) => text)).toEqual([
    'The last spans came 2 s ago.',
    'No zipkin receiver. And 1 more.',
  ]);
});

test('whatever else is wrong, the reason for not being ready comes first', () => {
  const statuses = fc.record({
    state: fc.constantFrom('starting', 'ready', 'restarting', 'stopped' as const),
    bytes: fc.integer({ min: 0, max: 200 }),
    lagMs: fc.integer({ min: 0, max: 200_000 }),
    hasReceived: fc.boolean(),
    quarantined: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(statuses, ({ state, bytes, lagMs, hasReceived, quarantined }) => {
      const { ingest, ...rest } = refused(1);
      const { lastReceivedAt: _, ...never } = ingest;
      const status = {
        ...rest,
        ingest: hasReceived ? ingest : never,
        engine: { ...HEALTHY.engine, state },
        journal: { segments: 1, bytes, bytesMax: 100, lagMs },
        store: { ...HEALTHY.store, recordsQuarantined: quarantined },
      };
      const [first] = findingsOf(status);
      expect(first).toBeDefined();
      if (!isReady(status)) expect(['engine', 'journal']).toContain(first?.about);
    }),
  );
});
