import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataDir } from './data-dir.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'data-dir-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a second server is refused and told who has the directory', () => {
  const { unlock } = openDataDir(dir);
  expect(() => openDataDir(dir)).toThrow(
    expect.objectContaining({
      code: 'TL_DATA_DIR_LOCKED',
      message: expect.stringContaining(`process ${process.pid}`),
    }),
  );
  unlock();
  openDataDir(dir).unlock();
});

test('the pid file of a dead server is no lock', () => {
  writeFileSync(join(dir, 'server.pid'), '1\n');
  openDataDir(dir).unlock();
});

test('a directory that cannot be made is refused', () => {
  writeFileSync(join(dir, 'file'), '');
  expect(() => openDataDir(join(dir, 'file', 'data'))).toThrow(
    expect.objectContaining({ code: 'TL_DATA_DIR_UNWRITABLE' }),
  );
});
