import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sender } from './support/sender.ts';
import { eventually, readStatus, runCli, startServe, temporaryFolder } from './support/serve.ts';
import { defective, storedRows } from './support/stored-rows.ts';

/** Backup and restore by the command line. Run alone: `npx vitest run --project system test/backup`. */

const DEADLINE_MS = 60_000;

/** A command that is to succeed. @returns what it printed last */
async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, DEADLINE_MS);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

/** A command that is to fail. @returns what it said, in one line */
async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await runCli(args, DEADLINE_MS);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr;
}

test('what was acknowledged before a backup began is in it, once, whatever arrives meanwhile', async () => {
  const folder = temporaryFolder();
  const [from, to, file] = ['from', 'to', 'backup.tar'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const server = await startServe(from);
  const sender = new Sender(server.otlpHttp, { encoding: 'proto', connections: 4 });
  await eventually('traces are acknowledged', async () => sender.acknowledged.size > 300);
  const before = new Set(sender.acknowledged);
  const port = new URL(server.ui).port;
  expect(await run('backup', '--data-dir', from, '--ui-port', port, '--to', file)).toMatch(
    /^Backed up \d+ spans, [\d.]+ [kM]B, to .*backup\.tar$/,
  );
  const after = sender.acknowledged.size;
  await eventually('it goes on', async () => sender.acknowledged.size > after + 100);
  await sender.stop();
  expect([...sender.refused]).toEqual([]);
  // Nothing of it is left behind, soon after its last byte was sent.
  await expect
    .poll(() => readdirSync(join(from, 'clickhouse', 'shadow')))
    .toEqual(['increment.txt']);
  expect(readdirSync(folder).sort()).toEqual(['backup.tar', 'from']);

  expect(await run('restore', '--from', file, '--data-dir', to)).toMatch(
    /^Restored \d+ spans, received before .*, into .*to$/,
  );
  const rows = storedRows(to);
  expect(defective(rows, before)).toEqual([]);
  expect(defective(rows, rows.keys())).toEqual([]);

  // It is a data directory like any other.
  const restored = await startServe(to);
  const more = new Sender(restored.otlpHttp, { encoding: 'json', connections: 1 });
  await eventually('more is acknowledged', async () => more.acknowledged.size > 20);
  await more.stop();
  await eventually('it is loaded', async () => (await readStatus(restored.ui)).journal.bytes === 0);
  await restored.stop();
  expect(defective(storedRows(to), [...before, ...more.acknowledged])).toEqual([]);
});

test('a data directory that no server uses is backed up too; what is damaged or in the way is refused', async () => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  const server = await startServe(path('from'));
  const sender = new Sender(server.otlpHttp, { encoding: 'proto', connections: 1 });
  await eventually('traces are acknowledged', async () => sender.acknowledged.size > 20);
  await sender.stop();
  await server.stop();
  expect(await run('backup', '--data-dir', path('from'), '--to', path('whole.tar'))).toContain(
    `${sender.acknowledged.size * 20} spans`,
  );

  const whole = readFileSync(path('whole.tar'));
  const middle = Math.floor(whole.length / 2);
  const flipped = Buffer.from(whole);
  // In a file of the archive: neither in a header nor in what pads it.
  const at = whole.indexOf('/data.bin') + 512;
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
  // What else can be wrong with one: packages/store/src/backup/unpack.test.ts.
  const damaged = { 'flipped.tar': flipped, 'cut.tar': whole.subarray(0, middle) };
  for (const [name, content] of Object.entries(damaged)) {
    writeFileSync(path(name), content);
    const message = await refused('restore', '--from', path(name), '--data-dir', path('to'));
    expect(message, name).toContain('TL_BACKUP_INVALID');
    expect(existsSync(path('to')), name).toBe(false);
  }
  const missing = await refused('restore', '--from', path('none.tar'), '--data-dir', path('to'));
  expect(missing).toContain('TL_BACKUP_INVALID');

  await run('restore', '--from', path('whole.tar'), '--data-dir', path('to'));
  expect(defective(storedRows(path('to')), sender.acknowledged)).toEqual([]);
  const again = await refused('restore', '--from', path('whole.tar'), '--data-dir', path('to'));
  expect(again).toContain('TL_DATA_DIR_USED');
  const over = await refused('backup', '--data-dir', path('to'), '--to', path('whole.tar'));
  expect(over).toContain('TL_BACKUP_FAILED');
  const nothing = await refused('backup', '--data-dir', path('nothing'), '--to', path('new.tar'));
  expect(nothing).toContain('TL_BACKUP_FAILED');
  expect(existsSync(path('nothing'))).toBe(false);
  mkdirSync(path('half/restoring'), { recursive: true });
  expect(await refused('serve', '--data-dir', path('half'))).toContain('TL_RESTORE_UNFINISHED');
});
