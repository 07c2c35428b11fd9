import { expect, test } from 'vitest';
import { LossLog } from './loss-log.ts';

test('a burst is one line when it begins and one when it is over, with what was lost', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const log = new LossLog(
    'orders to http://x',
    (line) => lines.push(line),
    () => nowMs,
  );
  log.delivered();
  for (let index = 0; index < 100; index += 1) {
    log.lost(5, 'ECONNREFUSED');
    log.delivered();
    nowMs += 10;
  }
  expect(lines).toEqual(['tracing: orders to http://x: spans are being lost: ECONNREFUSED']);
  nowMs += 5_000;
  log.delivered();
  log.delivered();
  expect(lines.slice(1)).toEqual([
    'tracing: orders to http://x: spans get through again, 500 were lost',
  ]);
  log.lost(1, 'HTTP 500');
  expect(lines).toHaveLength(3);
});
