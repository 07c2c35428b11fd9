import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeLength, encodeRecord } from './journal/record.ts';
import { newSegment, type Segment } from './journal/segment.ts';
import { Quarantine } from './quarantine.ts';

const MIB = 1024 ** 2;

let dir = '';
let quarantineDir = '';
let warnings: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'quarantine-'));
  quarantineDir = join(dir, 'quarantine');
  mkdirSync(quarantineDir);
  warnings = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function openQuarantine(): Promise<Quarantine> {
  const onWarning = (message: string) => warnings.push(message);
  return Quarantine.open({ dir: quarantineDir, onWarning });
}

function write(createdMs: number, bytes: number): Segment {
  const content = Buffer.concat([encodeLength(bytes), Buffer.alloc(bytes)]);
  const segment = { ...newSegment(dir, createdMs, 0), bytes: content.length };
  writeFileSync(segment.path, content);
  return segment;
}

test('what was set aside is still known after a restart: what, when and why, newest first', async () => {
  const quarantine = await openQuarantine();
  const beforeNs = BigInt(Date.now()) * 1_000_000n;
  const first = write(1, 10);
  await quarantine.take(first, 'the engine cannot read it');
  const damaged = Buffer.concat(encodeRecord(Buffer.from('request'), 7)).fill(0, 0, 3);
  await quarantine.takeBytes('00000000000002-aaaaaaaa', damaged, 'damaged on disk');
  const list = quarantine.list(20);
  expect(list).toEqual([
    {
      id: expect.stringMatching(/^00000000000002-aaaaaaaa-[0-9a-f]{8}$/),
      at: expect.any(BigInt),
      records: 1,
      bytes: damaged.length,
      reason: 'damaged on disk',
    },
    { id: first.id, at: expect.any(BigInt), records: 1, bytes: 11, reason: expect.any(String) },
  ]);
  expect(list[0]?.at).toBeGreaterThanOrEqual(list[1]?.at ?? 0n);
  expect(list[1]?.at).toBeGreaterThanOrEqual(beforeNs);
  const again = await openQuarantine();
  expect(again.list(20)).toEqual(list);
  expect(again.records).toBe(2);
  expect(again.list(1)).toEqual(list.slice(0, 1));
  const files = readdirSync(quarantineDir).filter((name) => name.endsWith('.damaged'));
  expect(files.map((name) => readFileSync(join(quarantineDir, name)))).toEqual([damaged]);
  expect(warnings).toHaveLength(2);
});

test('the same bytes are kept and counted once', async () => {
  const quarantine = await openQuarantine();
  await quarantine.takeBytes('a', Buffer.from('x'), 'first time');
  await quarantine.takeBytes('a', Buffer.from('x'), 'after a crash');
  await quarantine.takeBytes('a', Buffer.from('y'), 'another place');
  expect(quarantine.records).toBe(2);
  expect((await openQuarantine()).records).toBe(2);
});

test('past the bound the oldest go with their notes, and are counted', async () => {
  const quarantine = await openQuarantine();
  await quarantine.take(write(1, 40 * MIB), 'why');
  await quarantine.take(write(2, 40 * MIB), 'why');
  expect(quarantine).toMatchObject({ records: 1, discarded: 1 });
  expect(readdirSync(quarantineDir).sort()).toEqual([
    expect.stringMatching(/^0+2-[\w-]+\.segment$/),
    expect.stringMatching(/^0+2-[\w-]+\.segment\.json$/),
  ]);
  expect(warnings.at(-1)).toContain('were deleted');
});

test('a file without a note, or with a broken one, is counted all the same', async () => {
  const quarantine = await openQuarantine();
  const segment = write(1, 10);
  await quarantine.take(segment, 'why');
  const note = join(quarantineDir, `${segment.id}.segment.json`);
  for (const spoil of [() => writeFileSync(note, '{"at":'), () => rmSync(note)]) {
    spoil();
    const again = await openQuarantine();
    expect(again.list(9)).toMatchObject([{ id: segment.id, records: 1, bytes: 11 }]);
  }
});

test('a note whose file never came is removed', async () => {
  writeFileSync(join(quarantineDir, 'gone.segment.json'), '{}');
  expect((await openQuarantine()).records).toBe(0);
  expect(readdirSync(quarantineDir)).toEqual([]);
});
