import { expect, test } from 'vitest';
import { OutageLog } from './outage-log.ts';

test('an outage is two lines, however often the store fails meanwhile', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const log = new OutageLog(
    'Redis',
    (line) => lines.push(line),
    () => nowMs,
  );
  log.worked();
  for (let round = 0; round < 5; round += 1) {
    log.failed(new Error(`connection lost ${round}`));
    nowMs += 4_000;
    log.worked();
  }
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('Redis fails, the local one serves: connection lost 0');
  nowMs += 1_000;
  log.worked();
  log.worked();
  expect(lines.slice(1)).toEqual(['tracing: the shared registry in Redis works again']);
  log.failed('gone');
  expect(lines).toHaveLength(3);
});
