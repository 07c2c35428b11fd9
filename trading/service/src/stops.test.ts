import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Stops } from './stops.ts';

function stopsWithLog(deadlineMs: number): { stops: Stops; log: string[] } {
  const log: string[] = [];
  const logger = pino({}, { write: (line: string) => void log.push(JSON.parse(line).msg) });
  return { stops: new Stops(logger, deadlineMs), log };
}

test('what was started last is stopped first', async () => {
  const { stops } = stopsWithLog(1_000);
  const order: string[] = [];
  stops.add(() => void order.push('connection'));
  stops.add(async () => void order.push('consumer'));
  await stops.run();
  expect(order).toEqual(['consumer', 'connection']);
});

test('one that fails or hangs is told, and does not hold the others up', async () => {
  const { stops, log } = stopsWithLog(20);
  let isStopped = false;
  stops.add(() => {
    isStopped = true;
  });
  stops.add(() => new Promise(() => {}));
  stops.add(() => new Promise(() => {}), 10);
  stops.add(() => {
    throw new Error('broken');
  });
  await stops.run();
  expect(isStopped).toBe(true);
  expect(log).toEqual(['a stop failed', 'a stop took over 10 ms', 'a stop took over 20 ms']);
});
