import { stripVTControlCharacters } from 'node:util';
import type { CoverageResponse, Hop } from '@throughline/model';
import { expect, test } from 'vitest';
import { coverageReport } from './coverage-report.ts';

const NONE = { missing: 0, malformed: 0, missed: 0, orphaned: 0, linksDropped: 0 };
const HOP: Hop = {
  ...{ producer: 'socket-client', transport: 'nats', destination: 'market.data' },
  ...{ consumer: 'data-manager', ...NONE, consumed: 1_489, usable: 1_341, missing: 148 },
  ...{ coverage: 1_341 / 1_489, exampleTraceId: 'a'.repeat(32) },
};

function reportOf(change: Partial<CoverageResponse>): string {
  const { producer: _, transport: __, destination: ___, consumer: ____, ...counts } = HOP;
  const { exampleTraceId: _____, ...total } = counts;
  const range = { start: 0n, end: 900_000_000_000n, truncated: false };
  return stripVTControlCharacters(coverageReport({ ...range, total, hops: [HOP], ...change }));
}

test('the worst hop comes first, with a trace that shows what happened', () => {
  const text = reportOf({});
  expect(text).toContain('90.0 % of 1,489 messages in 15 min had a usable context');
  expect(text).toContain('socket-client -> market.data -> data-manager');
  expect(text).toContain(`trace ${'a'.repeat(32)}`);
});

test('what is whole is said so, nothing is no coverage, and texts of strangers obey no terminal', () => {
  const strange = { ...HOP, ...NONE, coverage: 1, destination: '\u001b[2J', usable: 1_489 };
  const text = reportOf({ hops: [strange], truncated: true });
  expect(text).toContain('?[2J');
  expect(text).not.toContain('One that lost it');
  expect(text).toContain('shorter range');
  expect(reportOf({ hops: [] })).toBe('No messages in 15 min.');
});
