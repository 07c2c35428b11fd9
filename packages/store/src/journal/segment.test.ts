import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeRecord } from './record.ts';
import { bucketOf, newSegment, type Segment, seedOf, splitSegment, wholeOf } from './segment.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'segment-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(createdMs: number, requests: string[]): Segment {
  const segment = newSegment(dir, createdMs, 0);
  const seed = seedOf(segment.id);
  const content = Buffer.concat(
    requests.flatMap((request) => encodeRecord(Buffer.from(request), seed)),
  );
  writeFileSync(segment.path, content);
  return { ...segment, bytes: content.length };
}

test('two halves hold what the whole held, and its checksums', async () => {
  const whole = write(1_000, ['a', 'b', 'c']);
  const content = readFileSync(whole.path);
  const halves = await splitSegment(whole);
  expect(halves?.map(({ id }) => id)).toEqual([`${whole.id}.0`, `${whole.id}.1`]);
  expect(halves?.map(({ id }) => wholeOf(id))).toEqual([whole.id, whole.id]);
  expect(halves?.map(({ id }) => seedOf(id))).toEqual([seedOf(whole.id), seedOf(whole.id)]);
  expect(Buffer.concat(halves?.map(({ path }) => readFileSync(path)) ?? [])).toEqual(content);
});

test('a single record is not split', async () => {
  expect(await splitSegment(write(1_000, ['a']))).toBeUndefined();
});

test('halves are of the bucket of the whole; segments of an earlier version, of their day', async () => {
  const whole = newSegment(dir, 1_700_000_000_000, 1_699_999_200);
  expect(bucketOf(whole)).toBe(1_699_999_200);
  expect(bucketOf({ ...whole, id: `${whole.id}.0.1` })).toBe(1_699_999_200);
  expect(bucketOf({ ...whole, id: '01700000000000-0a1b2c3d' })).toBe(1_699_920_000);
});
