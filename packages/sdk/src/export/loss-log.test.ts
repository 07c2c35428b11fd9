import { expect, test } from 'vitest';
import { LossLog } from './loss-log.ts';

function create() {
  const lines: string[] = [];
  const clock = { nowMs: 0 };
  const log = new LossLog(
    'orders to http://x',
    (line) => lines.push(line),
    () => clock.nowMs,
  );
  return { log, lines, clock };
}

test('a burst is one line when it begins and one when it is over, with what was lost', () => {
  const { log, lines, clock } = create();
  log.delivered();
  for (let index = 0; index < 100; index += 1) {
    log.lost(5, 'ECONNREFUSED');
    log.delivered();
    clock.nowMs += 10;
  }
  expect(lines).toEqual(['tracing: orders to http://x: spans are being lost: ECONNREFUSED']);
  clock.nowMs += 5_000;
  log.delivered();
  log.delivered();
  expect(lines.slice(1)).toEqual([
    'tracing: orders to http://x: spans get through again, 500 were lost',
  ]);
  log.lost(1, 'HTTP 500');
  expect(lines).toHaveLength(3);
});

test('spans that wait are one line, and another when they begin to get lost', () => {
  const { log, lines, clock } = create();
  log.waiting('ECONNREFUSED');
  log.waiting('ECONNREFUSED');
  log.lost(3, 'the queue is full');
  log.waiting('ECONNREFUSED');
  log.lost(4, 'the queue is full');
  clock.nowMs += 5_000;
  log.delivered();
  log.waiting('HTTP 503');
  clock.nowMs += 5_000;
  log.delivered();
  expect(lines.map((line) => line.slice('tracing: orders to http://x: '.length))).toEqual([
    'spans wait to be sent: ECONNREFUSED',
    'spans are being lost: the queue is full',
    'spans get through again, 7 were lost',
    'spans wait to be sent: HTTP 503',
    'spans get through again, 0 were lost',
  ]);
});

test('a logger that throws, or that loses spans itself, hurts nobody', () => {
  let calls = 0;
  const log: LossLog = new LossLog('orders', () => {
    calls += 1;
    log.lost(1, 'a span of the logger');
    throw new Error('the disk is full');
  });
  log.lost(1, 'HTTP 500');
  expect(calls).toBe(1);
});
