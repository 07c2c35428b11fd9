import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Faults } from '../faults/faults.ts';
import { INSTRUMENTS } from '../instruments.ts';
import { Random } from '../random.ts';
import { Venue } from '../venue/venue.ts';
import { parseFrame, readLines } from './recording.ts';
import { openReplay } from './replay.ts';

const RECORDED = fileURLToPath(
  new URL('../../../../../shared/data/binance-btcusdt-20240809.jsonl.gz', import.meta.url),
);
const START_NS = 1_723_161_600_000_000_000n;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'replay-'));
});
afterAll(() => rm(directory, { recursive: true }));

function createVenue(): Venue {
  const faults = new Faults(new Random(1));
  return new Venue({ instruments: INSTRUMENTS, accounts: [], faults, now: Date.now, firstId: 1 });
}

async function record(name: string, lines: readonly string[]): Promise<string> {
  const path = join(directory, name);
  const text = Buffer.from(`${lines.join('\n')}\n`);
  await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

function line(atMs: number, data: object): string {
  const frame = { stream: 'ethusdt@any', data: { s: 'ETHUSDT', ...data } };
  return `${START_NS + BigInt(atMs) * 1_000_000n} ${JSON.stringify(frame)}`;
}

const depthLine = (atMs: number) =>
  line(atMs, { e: 'depthUpdate', E: 1, U: 1, u: 2, b: [['99.00', '1']], a: [['100.00', '1']] });
const tradeLine = (atMs: number) =>
  line(atMs, { e: 'trade', t: 7, p: '100.00', q: '0.2', m: false });
const tickerLine = line(0, { u: 3, b: '99.00', B: '1', a: '100.00', A: '1' });

test('a recording drives the book of its symbol; bad lines are counted and skipped', async () => {
  const path = await record('mixed.jsonl.gz', [
    'rubbish',
    depthLine(0),
    '123 {"stream":"x"}',
    line(1, { e: 'trade', p: 5, q: '1', m: true }),
    tickerLine,
    '99999999999999999999999 {}',
    tradeLine(2),
    line(3, { s: 'SOLUSDT', e: 'trade', p: '1.00', q: '1', m: true }),
    '',
  ]);
  const venue = createVenue();
  const replay = await openReplay(venue, { path, speed: 100 });
  expect(replay.symbol).toBe('ETHUSDT');
  replay.start();
  await expect.poll(() => replay.stats().rounds).toBe(1);
  expect(replay.stats()).toMatchObject({ frames: 3, linesSkipped: 5, failure: undefined });
  const market = venue.market('ETHUSDT');
  expect(market.recentTrades(10)).toMatchObject([{ priceTicks: 10_000n, lots: 2_000n }]);
  expect(market.best()).toMatchObject({ bidTicks: 9_900n, askTicks: 10_000n, askLots: 8_000n });
  await replay.close();
});

test('frames come at the recorded pace, divided by the speed', async () => {
  const path = await record('slow.jsonl', [depthLine(0), tradeLine(60_000)]);
  const venue = createVenue();
  const replay = await openReplay(venue, { path, speed: 1 });
  replay.start();
  await expect.poll(() => replay.stats().frames).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(replay.stats().frames).toBe(1);
  await replay.close();
  expect(replay.stats()).toMatchObject({ frames: 1, failure: undefined });
});

test('a recording begins again when it ends', async () => {
  const path = await record('short.jsonl', [depthLine(0), tradeLine(1)]);
  const replay = await openReplay(createVenue(), { path, speed: 10 });
  replay.start();
  await expect.poll(() => replay.stats().rounds).toBe(2);
  expect(replay.stats().frames).toBe(4);
  await replay.close();
});

test('what is no recording is refused before the exchange starts', async () => {
  const refused = expect.objectContaining({ code: 'TL_CONFIG_INVALID' });
  const open = (path: string, speed = 1) => openReplay(createVenue(), { path, speed });
  await expect(open(join(directory, 'absent.gz'))).rejects.toEqual(refused);
  await expect(open(await record('empty.jsonl', []))).rejects.toEqual(refused);
  await expect(open(await record('text.jsonl', ['hello', 'world']))).rejects.toEqual(refused);
  const unknown = line(0, { s: 'DOGEUSDT', e: 'trade', p: '1', q: '1', m: true });
  await expect(open(await record('unknown.jsonl', [unknown]))).rejects.toEqual(refused);
  await writeFile(join(directory, 'broken.gz'), 'this is not gzip');
  await expect(open(join(directory, 'broken.gz'))).rejects.toEqual(refused);
  await expect(open(await record('good.jsonl', [depthLine(0)]), 0)).rejects.toEqual(refused);
});

test('a recording cut off in the middle stops the replay and says why', async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) => tradeLine(index));
  const path = join(directory, 'cut.gz');
  const whole = gzipSync(Buffer.from(lines.join('\n')), { level: 0 });
  await writeFile(path, whole.subarray(0, whole.length - 1_000));
  const replay = await openReplay(createVenue(), { path, speed: 10_000 });
  replay.start();
  await expect.poll(() => replay.stats().failure).toContain('unexpected end');
  await replay.close();
});

test('an endless line is given up, the lines around it are read', async () => {
  const path = await record('long.jsonl', ['one', 'x'.repeat(3_000_000), 'two']);
  const lengths: number[] = [];
  for await (const text of readLines(path)) lengths.push(text.length);
  expect(lengths).toEqual([3, 1_048_576, 3]);
});

test.skipIf(!existsSync(RECORDED))('the real recording is read whole and plays', async () => {
  let frames = 0;
  for await (const text of readLines(RECORDED)) if (parseFrame(text)) frames += 1;
  expect(frames).toBe(58_325);

  const venue = createVenue();
  const replay = await openReplay(venue, { path: RECORDED, speed: 100 });
  replay.start();
  await expect.poll(() => replay.stats().frames).toBeGreaterThan(10_000);
  await replay.close();
  expect(replay.stats()).toMatchObject({ linesSkipped: 0, entriesDropped: 0, failure: undefined });
  const { bidTicks = 0n, askTicks = 0n } = venue.market('BTCUSDT').best();
  expect(bidTicks < askTicks && bidTicks > 6_000_000n && askTicks < 6_300_000n).toBe(true);
});
