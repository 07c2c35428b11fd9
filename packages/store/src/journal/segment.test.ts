import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeLength } from './record.ts';
import { newSegment, recoverSegments, type Segment, splitSegment } from './segment.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'segment-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(createdMs: number, records: string[]): Segment {
  const content = Buffer.concat(
    records.flatMap((record) => [encodeLength(record.length), Buffer.from(record)]),
  );
  const segment = { ...newSegment(dir, createdMs), bytes: content.length };
  writeFileSync(segment.path, content);
  return segment;
}

test('recovery cuts a torn tail and returns the segments oldest first', async () => {
  const newer = write(2_000, ['c']);
  const older = write(1_000, ['a', 'b']);
  appendFileSync(older.path, Uint8Array.of(100, 1, 2, 3));
  expect(await recoverSegments(dir)).toEqual([older, newer]);
  expect(readFileSync(older.path)).toHaveLength(older.bytes);
});

test('a segment without a complete record is removed', async () => {
  writeFileSync(newSegment(dir, 1_000).path, Uint8Array.of(5, 1));
  expect(await recoverSegments(dir)).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
});

test('two halves hold what the whole held', async () => {
  const whole = write(1_000, ['a', 'b', 'c']);
  const content = readFileSync(whole.path);
  const halves = await splitSegment(whole);
  expect(halves?.map(({ id }) => id)).toEqual([`${whole.id}.0`, `${whole.id}.1`]);
  expect(Buffer.concat(halves?.map(({ path }) => readFileSync(path)) ?? [])).toEqual(content);
  expect(await recoverSegments(dir)).toEqual(halves);
});

test('a single record is not split', async () => {
  expect(await splitSegment(write(1_000, ['a']))).toBeUndefined();
});

test('a split that did not finish leaves the whole', async () => {
  const whole = write(1_000, ['a', 'b']);
  writeFileSync(join(dir, `${whole.id}.0.otlp`), Uint8Array.of(1, 97));
  expect(await recoverSegments(dir)).toEqual([whole]);
  expect(readdirSync(dir)).toHaveLength(1);
});
