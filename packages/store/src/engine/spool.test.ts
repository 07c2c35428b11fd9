import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { Spool } from './spool.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'spool-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

const limits = { bodyBytesMax: 10, totalBytesMax: 15 };

test('rows are in a file that only this user reads, until they are removed', async () => {
  const dir = folder();
  const kept = await new Spool(dir).keep(Readable.from([Buffer.from('one'), Buffer.from('two')]));
  const path = join(dir, kept.path);
  expect(readFileSync(path, 'utf8')).toBe('onetwo');
  expect(kept.bytes).toBe(6);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await kept.remove();
  expect(readdirSync(join(dir, 'spool'))).toEqual([]);
});

test('what an earlier engine left is removed', () => {
  const dir = folder();
  new Spool(dir);
  writeFileSync(join(dir, 'spool', 'left'), 'x');
  new Spool(dir);
  expect(readdirSync(join(dir, 'spool'))).toEqual([]);
});

test('rows beyond a limit are refused, leave nothing, and free their place', async () => {
  const dir = folder();
  const spool = new Spool(dir, limits);
  await expect(spool.keep(Readable.from([Buffer.alloc(11)]))).rejects.toThrow(/^Code: 229\./);
  const first = await spool.keep(Readable.from([Buffer.alloc(10)]));
  await expect(spool.keep(Readable.from([Buffer.alloc(6)]))).rejects.toThrow(/^Code: 243\./);
  expect(readdirSync(join(dir, 'spool'))).toHaveLength(1);
  await first.remove();
  const second = await spool.keep(Readable.from([Buffer.alloc(10)]));
  expect(second.bytes).toBe(10);
});

test('rows whose sender goes away leave nothing', async () => {
  const dir = folder();
  async function* broken() {
    yield Buffer.from('one');
    throw new RangeError('gone');
  }
  await expect(new Spool(dir).keep(broken())).rejects.toThrow('gone');
  expect(readdirSync(join(dir, 'spool'))).toEqual([]);
});
