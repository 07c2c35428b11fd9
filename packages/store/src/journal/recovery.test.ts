import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Quarantine } from '../quarantine.ts';
import { encodeLength, encodeRecord } from './record.ts';
import { mendSegment, recoverSegments } from './recovery.ts';
import { newSegment, PLAIN_SUFFIX, type Segment, SUFFIX, seedOf, splitSegment } from './segment.ts';

let dir = '';
let quarantineDir = '';
let quarantine: Quarantine;
let warnings: string[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'recovery-'));
  quarantineDir = mkdtempSync(join(tmpdir(), 'recovery-quarantine-'));
  warnings = [];
  quarantine = await Quarantine.open({
    dir: quarantineDir,
    onWarning: (message) => warnings.push(message),
  });
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
  rmSync(quarantineDir, { recursive: true, force: true });
});

function framed(segment: Segment, request: string): Buffer {
  return Buffer.concat(encodeRecord(Buffer.from(request), seedOf(segment.id)));
}

function write(createdMs: number, requests: string[]): Segment {
  const segment = newSegment(dir, createdMs, 0);
  const content = Buffer.concat(requests.map((request) => framed(segment, request)));
  writeFileSync(segment.path, content);
  return { ...segment, bytes: content.length };
}

/** Changes one byte inside the request of this text. */
function damage(segment: Segment, request: string): void {
  const content = readFileSync(segment.path);
  const at = content.indexOf(request);
  content[at] = (content[at] ?? 0) ^ 0x40;
  writeFileSync(segment.path, content);
}

const contentOf = (segment: Segment | undefined) => segment && readFileSync(segment.path);

test('recovery cuts a torn tail and returns the segments oldest first', async () => {
  const newer = write(2_000, ['c']);
  const older = write(1_000, ['a', 'b']);
  appendFileSync(older.path, framed(older, 'torn').subarray(0, 8));
  expect(await recoverSegments(dir, quarantine)).toEqual([older, newer]);
  expect(readFileSync(older.path)).toHaveLength(older.bytes);
  expect(quarantine.records).toBe(0);
});

test('a segment without a complete record is removed', async () => {
  writeFileSync(newSegment(dir, 1_000, 0).path, Uint8Array.of(5, 1));
  expect(await recoverSegments(dir, quarantine)).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
});

test('a damaged record is set aside, and those around it are kept', async () => {
  const whole = write(1_000, ['first', 'second', 'third']);
  damage(whole, 'second');
  const [mended] = await recoverSegments(dir, quarantine);
  expect(mended?.id).toBe(whole.id);
  expect(contentOf(mended)).toEqual(
    Buffer.concat([framed(whole, 'first'), framed(whole, 'third')]),
  );
  expect(mended?.bytes).toBe(contentOf(mended)?.length);
  expect(readdirSync(dir)).toEqual([basename(whole.path)]);
  const from = framed(whole, 'first').length;
  const bytes = framed(whole, 'second').length;
  expect(quarantine.list(9)).toEqual([
    {
      id: expect.stringMatching(`^${whole.id}-[0-9a-f]{8}$`),
      at: expect.any(BigInt),
      records: 1,
      bytes,
      reason: `damaged on disk: bytes ${from} to ${from + bytes} of ${whole.bytes}`,
    },
  ]);
  expect(warnings).toEqual([expect.stringContaining('1 record(s) set aside')]);
});

test('a damaged last record is set aside, for it may have been acknowledged', async () => {
  const whole = write(1_000, ['first', 'second']);
  damage(whole, 'second');
  const [mended] = await recoverSegments(dir, quarantine);
  expect(contentOf(mended)).toEqual(framed(whole, 'first'));
  expect(quarantine.records).toBe(1);
});

test('a segment with nothing sound in it leaves only what is set aside', async () => {
  const whole = write(1_000, ['first', 'second']);
  damage(whole, 'first');
  damage(whole, 'second');
  expect(await recoverSegments(dir, quarantine)).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
  expect(quarantine.list(9)).toMatchObject([{ records: 2, bytes: whole.bytes }]);
});

test('a reason names only the first few places', async () => {
  const requests = Array.from({ length: 20 }, (_, index) => `request ${index};`);
  const whole = write(1_000, requests);
  for (const request of requests.filter((_, index) => index % 2 === 0)) damage(whole, request);
  await recoverSegments(dir, quarantine);
  expect(quarantine.list(9)).toMatchObject([
    { records: 10, reason: expect.stringMatching(/^damaged on disk: bytes (\d+ to \d+, ){5}more/) },
  ]);
});

test('a recovery that a crash interrupts is done again, and counts the damage once', async () => {
  const whole = write(1_000, ['first', 'second', 'third']);
  damage(whole, 'second');
  const content = readFileSync(whole.path);
  await recoverSegments(dir, quarantine);
  writeFileSync(whole.path, content);
  writeFileSync(`${whole.path}.mending`, content.subarray(0, 10));
  await recoverSegments(dir, quarantine);
  expect(quarantine.records).toBe(1);
  expect(readdirSync(dir)).toEqual([basename(whole.path)]);
});

test('halves whose whole is gone are checked like it', async () => {
  const whole = write(1_000, ['first', 'second', 'third', 'fourth']);
  const [, second] = (await splitSegment(whole)) ?? [];
  if (second) damage(second, 'third');
  const recovered = await recoverSegments(dir, quarantine);
  expect(recovered.map(({ id }) => id)).toEqual([`${whole.id}.0`, `${whole.id}.1`]);
  expect(contentOf(recovered[1])).toEqual(framed(whole, 'fourth'));
});

test('a split that did not finish leaves the whole', async () => {
  const whole = write(1_000, ['a', 'b']);
  writeFileSync(join(dir, `${whole.id}.0${SUFFIX}`), framed(whole, 'a'));
  expect(await recoverSegments(dir, quarantine)).toEqual([whole]);
  expect(readdirSync(dir)).toHaveLength(1);
});

test('a block of another segment is no record', async () => {
  const other = write(1_000, ['other']);
  const whole = write(2_000, ['own']);
  appendFileSync(whole.path, readFileSync(other.path));
  const [, mended] = await recoverSegments(dir, quarantine);
  expect(contentOf(mended)).toEqual(framed(whole, 'own'));
  expect(quarantine.records).toBe(1);
});

test('a segment of an earlier version keeps all its complete records, without checksums', async () => {
  const path = join(dir, `00000000001000-0badcafe${PLAIN_SUFFIX}`);
  const content = Buffer.concat(['a', 'b'].flatMap((text) => [encodeLength(1), Buffer.from(text)]));
  writeFileSync(path, Buffer.concat([content, Uint8Array.of(100, 1, 2, 3)]));
  const newer = write(2_000, ['c']);
  const [recovered, ...others] = await recoverSegments(dir, quarantine);
  expect(others).toEqual([newer]);
  expect(recovered).toMatchObject({ path, createdMs: 1_000, bytes: content.length });
  expect(contentOf(recovered)).toEqual(content);
  expect(quarantine.records).toBe(0);
  const halves = recovered && (await splitSegment(recovered));
  expect(halves?.map(({ path }) => path.endsWith(PLAIN_SUFFIX))).toEqual([true, true]);
});

test('a file that the disk does not give back is set aside, and the others are recovered', async () => {
  const sound = write(2_000, ['a']);
  // Reading a process's memory at address 0 fails as a broken disk does, with EIO.
  const { path, id } = newSegment(dir, 1_000, 0);
  symlinkSync('/proc/self/mem', path);
  expect(await recoverSegments(dir, quarantine)).toEqual([sound]);
  expect(quarantine.list(9)).toMatchObject([{ id, reason: expect.stringContaining('EIO') }]);
});

test('a file that cannot be read for another reason stops the recovery', async () => {
  mkdirSync(newSegment(dir, 1_000, 0).path);
  await expect(recoverSegments(dir, quarantine)).rejects.toMatchObject({ code: 'EISDIR' });
});

test('a sound segment is left as it is', async () => {
  const whole = write(1_000, ['a', 'b']);
  expect(await mendSegment(whole, quarantine)).toEqual(whole);
  expect(quarantine.records).toBe(0);
});
