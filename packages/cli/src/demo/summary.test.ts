import { expect, test } from 'vitest';
import {
  percentile,
  proofText,
  spanCountsText,
  statusText,
  systemsText,
  verdictText,
} from './summary.ts';

test('percentiles are of nearest rank', () => {
  const durations = [50n, 10n, 40n, 20n, 30n];
  expect(percentile(durations, 0.5)).toBe(30n);
  expect(percentile(durations, 0.95)).toBe(50n);
  expect(percentile([], 0.5)).toBe(0n);
});

test('statuses come most frequent first', () => {
  expect(statusText({ canceled: 2, filled: 498 })).toBe('498 filled, 2 canceled');
  expect(statusText({})).toBe('none ended yet');
});

test('the verdict counts what is not whole', () => {
  expect(verdictText([1_000_000n], 0)).toContain('each whole and exact');
  expect(verdictText([1_000_000n], 3)).toContain('3 not whole');
});

test('each system has a line with its processes and what connects them', () => {
  const row = { replica: '1/1', transport: 'in process' };
  const nats = { ...row, system: 'signals', transport: 'nats://127.0.0.1:4222' };
  const text = systemsText({
    rows: [
      { ...row, system: '-', service: 'exchange' },
      { ...row, system: 'orders', service: 'orders' },
      { ...nats, service: 'tradeengine' },
      { ...nats, service: 'ta-bot' },
    ],
    notes: [],
  });
  expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
    '  Trading systems',
    '  orders   one process',
    '  signals  nats://127.0.0.1:4222, 2 processes: tradeengine, ta-bot',
    '',
  ]);
});

test('coverage is rounded down, so that 100 % means each', () => {
  const counts = { services: 2, exported: 240, dropped: 0, messages: 10_000, withContext: 9_999 };
  expect(spanCountsText(counts)).toContain('99.9 % of 10000 messages');
  expect(spanCountsText(counts)).toContain('no span was lost');
  expect(spanCountsText({ ...counts, dropped: 3 })).toContain('3 spans were lost');
});

test('a system that is not proven is named with what is wrong', () => {
  const proof = {
    system: 'bot',
    name: 'bot_order',
    lifecycle: undefined,
    defect: 'none has ended',
  };
  expect(proofText(proof, '')).toContain('bot: bot order none has ended');
});
