import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import type { Tick } from '../messages.ts';
import { Recording } from './recording.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function recordingOf(lines: readonly string[], speed: number): Promise<Recording> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-recording-'));
  folders.push(folder);
  const path = join(folder, 'market.jsonl');
  await writeFile(path, lines.join('\n'));
  return new Recording({ logger: pino({ enabled: false }) }, { path, speed });
}

function tradeLine(receivedMs: number, price: string): string {
  const data = { e: 'trade', s: 'BTCUSDT', p: price, q: '0.1', m: true };
  return `${receivedMs}000000 ${JSON.stringify({ stream: 'btcusdt@trade', data })}`;
}

test('the trades of a recording come in their order, with their distances', async () => {
  const recording = await recordingOf(
    [tradeLine(1_000, '100'), 'broken', tradeLine(3_000, '101'), tradeLine(3_500, '102')],
    100,
  );
  const ticks: Tick[] = [];
  const all = Promise.withResolvers<void>();
  await recording.start((tick) => {
    ticks.push(tick);
    if (ticks.length === 3) all.resolve();
  });
  await all.promise;
  await recording.close();
  expect(ticks.map((tick) => 'price' in tick && tick.price)).toEqual(['100', '101', '102']);
  const [first = 0, second, third] = ticks.map(({ time_ms }) => time_ms);
  expect([second, third]).toEqual([first + 20, first + 25]);
});

test('a recording that is stopped gives no more', async () => {
  const recording = await recordingOf([tradeLine(0, '1'), tradeLine(9_999_999, '2')], 1);
  const ticks: Tick[] = [];
  const first = Promise.withResolvers<void>();
  await recording.start((tick) => {
    ticks.push(tick);
    first.resolve();
  });
  await first.promise;
  await recording.close();
  expect(ticks).toHaveLength(1);
});

test('a file that is not there is named', async () => {
  const recording = new Recording(
    { logger: pino({ enabled: false }) },
    { path: '/no/x', speed: 1 },
  );
  await expect(recording.start(() => undefined)).rejects.toThrow('--replay /no/x');
});
