import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeLength } from './journal/record.ts';
import { newSegment, type Segment } from './journal/segment.ts';
import { Quarantine } from './quarantine.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'quarantine-'));
  mkdirSync(join(dir, 'quarantine'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(createdMs: number, bytes: number): Segment {
  const content = Buffer.concat([encodeLength(bytes), Buffer.alloc(bytes)]);
  const segment = { ...newSegment(dir, createdMs), bytes: content.length };
  writeFileSync(segment.path, content);
  return segment;
}

test('what was set aside is still counted after a restart', async () => {
  const quarantine = await Quarantine.open(join(dir, 'quarantine'));
  expect(await quarantine.take(write(1, 10))).toBe(1);
  expect(await quarantine.take(write(2, 10))).toBe(1);
  expect((await Quarantine.open(join(dir, 'quarantine'))).records).toBe(2);
});

test('past the bound the oldest go, and are counted', async () => {
  const quarantine = await Quarantine.open(join(dir, 'quarantine'));
  await quarantine.take(write(1, 40 * 1024 * 1024));
  await quarantine.take(write(2, 40 * 1024 * 1024));
  expect(quarantine).toMatchObject({ records: 1, discarded: 1 });
  expect(readdirSync(join(dir, 'quarantine'))).toEqual([expect.stringMatching(/^0+2-/)]);
});
