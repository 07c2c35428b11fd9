import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Quarantine } from '../quarantine.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { encodeRecord, type RecordRange, scanRecords } from './record.ts';
import type { Segment } from './segment.ts';

let dir = '';
let quarantineDir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'));
  quarantineDir = mkdtempSync(join(tmpdir(), 'journal-quarantine-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
  rmSync(quarantineDir, { recursive: true, force: true });
});

async function openJournal(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const quarantine = await Quarantine.open({ dir: quarantineDir, onWarning: () => undefined });
  const defaults: JournalOptions = {
    dir,
    durability: 'fsync',
    bytesMax: 1_000_000,
    segmentBytesMax: 100_000,
    segmentAgeMs: 60_000,
    bucket: () => 1_700_000_000,
  };
  return Journal.open({ ...defaults, ...options }, quarantine);
}

function recordsIn(segment: Segment | undefined): string[] {
  const content = segment ? readFileSync(segment.path) : Buffer.alloc(0);
  const textOf = ({ from, to }: RecordRange) => content.toString('utf8', from + 1, to - 9);
  return scanRecords(content).map(textOf);
}

const record = (text: string) => Buffer.from(text);

async function handlePrototype(): Promise<FileHandle> {
  const handle = await open(join(dir, 'probe'), 'w');
  await handle.close();
  rmSync(join(dir, 'probe'));
  return Object.getPrototypeOf(handle);
}

/** Makes the next call of a method of every file handle fail. */
async function failOnce(method: 'writev' | 'datasync' | 'truncate'): Promise<void> {
  const error = new Error('ENOSPC: no space left on device');
  vi.spyOn(await handlePrototype(), method).mockRejectedValueOnce(error);
}

test('what was appended is there after the journal is opened again, in order', async () => {
  const journal = await openJournal();
  await Promise.all(['a', 'b', 'c'].map((text) => journal.append(record(text))));
  const again = await openJournal();
  expect(recordsIn(again.oldest())).toEqual(['a', 'b', 'c']);
});

test('records that arrive during a write share one fsync', async () => {
  const journal = await openJournal();
  await journal.append(record('first'));
  const datasync = vi.spyOn(await handlePrototype(), 'datasync');
  await Promise.all(Array.from({ length: 50 }, (_, index) => journal.append(record(`${index}`))));
  expect(datasync.mock.calls.length).toBeGreaterThan(0);
  expect(datasync.mock.calls.length).toBeLessThan(5);
});

test('with durability os a record is written but not synced', async () => {
  const journal = await openJournal({ durability: 'os' });
  const datasync = vi.spyOn(await handlePrototype(), 'datasync');
  await journal.append(record('a'));
  expect(datasync).not.toHaveBeenCalled();
  expect(recordsIn((await openJournal()).oldest())).toEqual(['a']);
});

test('what is asked in the very moment in which a write ends is done', async () => {
  const journal = await openJournal();
  for (let count = 1; count <= 20; count += 1) {
    await journal.append(record('a'));
    await journal.append(record('b'));
    await journal.seal();
    expect(journal.status().segments).toBe(count);
  }
});

test('a segment counts while it is being sealed', async () => {
  const journal = await openJournal();
  await journal.append(record('a'));
  const before = [journal.status(), journal.buckets()];
  const { promise, resolve } = Promise.withResolvers<void>();
  vi.spyOn(await handlePrototype(), 'truncate').mockReturnValueOnce(promise);
  const sealing = journal.seal();
  expect([journal.status(), journal.buckets()]).toEqual(before);
  resolve();
  await sealing;
  expect([journal.status(), journal.buckets()]).toEqual(before);
});

test('a segment is sealed when it is full', async () => {
  const journal = await openJournal({ segmentBytesMax: 10 });
  await journal.append(record('0123456789'));
  await journal.append(record('next'));
  await expect.poll(() => recordsIn(journal.oldest())).toEqual(['0123456789']);
});

test('a segment is sealed when it is old', async () => {
  const journal = await openJournal({ segmentAgeMs: 5 });
  await journal.append(record('a'));
  await expect.poll(() => recordsIn(journal.oldest())).toEqual(['a']);
});

test('an old segment grows on while another one waits', async () => {
  const journal = await openJournal({ segmentAgeMs: 5 });
  await journal.append(record('a'));
  await expect.poll(() => journal.oldest()).toBeDefined();
  await journal.append(record('b'));
  await delay(30);
  await journal.append(record('c'));
  expect(journal.status().segments).toBe(2);
  await journal.remove(journal.oldest() as Segment);
  await expect.poll(() => recordsIn(journal.oldest())).toEqual(['b', 'c']);
});

test('a full journal refuses until a segment is removed', async () => {
  const journal = await openJournal({ bytesMax: 30 });
  await journal.append(record('0123456789'));
  await expect(journal.append(record('0123456789'))).rejects.toMatchObject({
    code: 'TL_OVERLOADED',
  });
  await journal.seal();
  await journal.remove(journal.oldest() as Segment);
  await journal.append(record('0123456789'));
  expect(journal.status()).toMatchObject({ segments: 1, bytes: 20 });
});

test('a request larger than the whole journal is refused for good', async () => {
  const journal = await openJournal({ bytesMax: 30 });
  await expect(journal.append(Buffer.alloc(40))).rejects.toMatchObject({
    code: 'TL_OTLP_TOO_LARGE',
  });
});

test('requests without a byte of their own fill the journal too', async () => {
  const journal = await openJournal({ bytesMax: 100 });
  const appends = Array.from({ length: 50 }, () => journal.append(record('')));
  const refused = (await Promise.allSettled(appends)).filter(
    ({ status }) => status !== 'fulfilled',
  );
  expect(refused.length).toBeGreaterThan(40);
});

test.each([
  'writev',
  'datasync',
] as const)('a failed %s is told, and leaves no trace', async (method) => {
  const journal = await openJournal();
  await journal.append(record('before'));
  await failOnce(method);
  await expect(journal.append(record('failed'))).rejects.toMatchObject({
    code: 'TL_JOURNAL_FAILED',
  });
  await journal.append(record('after'));
  await journal.seal();
  const first = journal.oldest() as Segment;
  expect(recordsIn(first)).toEqual(['before']);
  await journal.remove(first);
  expect(recordsIn(journal.oldest())).toEqual(['after']);
  await journal.remove(journal.oldest() as Segment);
  expect(journal.status()).toEqual({ segments: 0, bytes: 0, oldestMs: undefined });
});

/** Makes the next write end after 20 bytes, as on a disk that is full. */
async function cutWriteOnce(): Promise<void> {
  const prototype = await handlePrototype();
  vi.spyOn(prototype, 'writev').mockImplementationOnce(async function (this: FileHandle, buffers) {
    const { bytesWritten } = await this.write(
      Buffer.concat(buffers as Uint8Array[]).subarray(0, 20),
    );
    return { bytesWritten, buffers };
  });
}

test('a write that the disk takes only a part of is finished', async () => {
  const journal = await openJournal();
  await cutWriteOnce();
  await journal.append(record('longer than what the disk takes at once'));
  await journal.append(record('after'));
  await journal.seal();
  expect(recordsIn(journal.oldest())).toEqual(['longer than what the disk takes at once', 'after']);
});

test('a write that fails half way leaves nothing of itself', async () => {
  const journal = await openJournal();
  await journal.append(record('before'));
  await cutWriteOnce();
  const error = new Error('ENOSPC: no space left on device');
  vi.spyOn(await handlePrototype(), 'appendFile').mockRejectedValueOnce(error);
  await expect(journal.append(record('failed failed failed'))).rejects.toMatchObject({
    code: 'TL_JOURNAL_FAILED',
  });
  await journal.append(record('after'));
  await journal.close();
  expect(readdirSync(dir)).toHaveLength(2);
  const again = await openJournal();
  expect(recordsIn(again.oldest())).toEqual(['before']);
  await again.remove(again.oldest() as Segment);
  expect(recordsIn(again.oldest())).toEqual(['after']);
});

test('a segment that cannot be cut after a failed write is cut at the next sealing', async () => {
  const journal = await openJournal();
  await journal.append(record('before'));
  await failOnce('datasync');
  await failOnce('truncate');
  await expect(journal.append(record('failed'))).rejects.toThrow('no space left');
  expect(journal.oldest()).toBeUndefined();
  expect(journal.status()).toMatchObject({ segments: 1, bytes: 16 });
  await journal.seal();
  expect(recordsIn(journal.oldest())).toEqual(['before']);
});

test('what is damaged in a journal that is opened goes to the quarantine', async () => {
  const journal = await openJournal();
  for (const text of ['first', 'second', 'third']) await journal.append(record(text));
  await journal.close();
  const { path } = journal.oldest() as Segment;
  const content = readFileSync(path);
  content.fill('x', content.indexOf('second'), content.indexOf('second') + 3);
  writeFileSync(path, content);
  const again = await openJournal();
  expect(recordsIn(again.oldest())).toEqual(['first', 'third']);
  const bytes = Buffer.concat(encodeRecord(record('first'), 0)).length * 2;
  expect(again.status()).toMatchObject({ segments: 1, bytes });
  expect(readdirSync(quarantineDir)).toHaveLength(2);
});

test('a journal that can be neither read nor mended is not opened', async () => {
  mkdirSync(join(dir, '00000000000001-aaaaaaaa.segment'));
  await expect(openJournal()).rejects.toMatchObject({ code: 'TL_JOURNAL_FAILED' });
});

test('a journal whose directory is gone fails, and works again when it is back', async () => {
  const journal = await openJournal();
  rmSync(dir, { recursive: true });
  await expect(journal.append(record('a'))).rejects.toMatchObject({ code: 'TL_JOURNAL_FAILED' });
  mkdirSync(dir);
  await journal.append(record('b'));
  expect(readdirSync(dir)).toHaveLength(1);
});

test('drained waits for what was appended before, not for what comes after', async () => {
  const journal = await openJournal();
  await journal.append(record('a'));
  const drained = journal.drained(60_000);
  await expect.poll(() => journal.oldest()).toBeDefined();
  await journal.append(record('b'));
  await journal.remove(journal.oldest() as Segment);
  expect(await drained).toBe(true);
  expect(await journal.drained(20)).toBe(false);
});

test('a closed journal takes nothing', async () => {
  const journal = await openJournal();
  await journal.append(record('a'));
  await journal.close();
  await expect(journal.append(record('b'))).rejects.toMatchObject({ code: 'TL_JOURNAL_FAILED' });
  expect(recordsIn(journal.oldest())).toEqual(['a']);
});

test('a segment keeps the bucket in which it was begun, whatever comes after', async () => {
  let bucketS = 1_700_000_000;
  const journal = await openJournal({ bucket: () => bucketS });
  await journal.append(Buffer.from('a'));
  bucketS += 60;
  await journal.append(Buffer.from('b'));
  await journal.close();
  const [segment] = [journal.oldest()];
  expect(recordsIn(segment)).toEqual(['a', 'b']);
  expect(journal.buckets()).toEqual(new Set([1_700_000_000]));
  const again = await openJournal({ bucket: () => bucketS });
  expect(again.buckets()).toEqual(new Set([1_700_000_000]));
});
