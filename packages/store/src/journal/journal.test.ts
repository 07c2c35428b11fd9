import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Journal, type JournalOptions } from './journal.ts';
import { scanRecords } from './record.ts';
import type { Segment } from './segment.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

function openJournal(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const defaults = { bytesMax: 1_000_000, segmentBytesMax: 100_000, segmentAgeMs: 60_000 };
  return Journal.open({ dir, ...defaults, ...options });
}

function recordsIn(segment: Segment | undefined): string[] {
  const content = segment ? readFileSync(segment.path) : Buffer.alloc(0);
  return scanRecords(content).map(({ from, to }) => content.toString('utf8', from + 1, to));
}

const record = (text: string) => Buffer.from(text);

/** Makes the next call of a method of every file handle fail. */
async function failOnce(method: 'appendFile' | 'datasync' | 'truncate'): Promise<void> {
  const handle = await open(join(dir, 'probe'), 'w');
  await handle.close();
  rmSync(join(dir, 'probe'));
  const error = new Error('ENOSPC: no space left on device');
  vi.spyOn(Object.getPrototypeOf(handle), method).mockRejectedValueOnce(error);
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
  const handle = await open(join(dir, 'probe'), 'w');
  await handle.close();
  const datasync = vi.spyOn(Object.getPrototypeOf(handle), 'datasync');
  await Promise.all(Array.from({ length: 50 }, (_, index) => journal.append(record(`${index}`))));
  expect(datasync.mock.calls.length).toBeLessThan(5);
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

test('a segment is sealed when it is full', async () => {
  const journal = await openJournal({ segmentBytesMax: 10 });
  await journal.append(record('0123456789'));
  await journal.append(record('next'));
  await vi.waitFor(() => expect(recordsIn(journal.oldest())).toEqual(['0123456789']));
});

test('a segment is sealed when it is old', async () => {
  const journal = await openJournal({ segmentAgeMs: 5 });
  await journal.append(record('a'));
  await vi.waitFor(() => expect(recordsIn(journal.oldest())).toEqual(['a']));
});

test('an old segment grows on while another one waits', async () => {
  const journal = await openJournal({ segmentAgeMs: 5 });
  await journal.append(record('a'));
  await vi.waitFor(() => expect(journal.oldest()).toBeDefined());
  await journal.append(record('b'));
  await delay(30);
  await journal.append(record('c'));
  expect(journal.status().segments).toBe(2);
  await journal.remove(journal.oldest() as Segment);
  await vi.waitFor(() => expect(recordsIn(journal.oldest())).toEqual(['b', 'c']));
});

test('a full journal refuses until a segment is removed', async () => {
  const journal = await openJournal({ bytesMax: 20 });
  await journal.append(record('0123456789'));
  await expect(journal.append(record('0123456789'))).rejects.toMatchObject({
    code: 'TL_OVERLOADED',
  });
  await journal.seal();
  await journal.remove(journal.oldest() as Segment);
  await journal.append(record('0123456789'));
  expect(journal.status()).toMatchObject({ segments: 1, bytes: 11 });
});

test.each([
  'appendFile',
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

test('a segment that cannot be cut after a failed write waits for the next start', async () => {
  const journal = await openJournal();
  await journal.append(record('before'));
  await failOnce('datasync');
  await failOnce('truncate');
  await expect(journal.append(record('failed'))).rejects.toThrow('no space left');
  expect(journal.oldest()).toBeUndefined();
  expect(recordsIn((await openJournal()).oldest())).toContain('before');
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
  const drained = journal.drained(5_000);
  await vi.waitFor(() => expect(journal.oldest()).toBeDefined());
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
