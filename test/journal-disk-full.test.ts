// The whole server on a file system that fills up. Run alone: npx vitest run --project system journal-disk-full
import { expect, onTestFinished, test } from 'vitest';
import { FREE_PORTS, startProcess } from './support/process.ts';
import { Sender } from './support/sender.ts';
import { eventually, readStatus, type Serving } from './support/serve.ts';
import { mountSmallDisk } from './support/small-disk.ts';
import { defective, storedRows } from './support/stored-rows.ts';

const MIB = 1024 ** 2;
const DISK_BYTES = 96 * MIB;
/** What the filler leaves free: gone within a second of load. */
const LEFT_BYTES = 2 * MIB;

test('a full disk refuses spans, loses none, and needs no restart when there is room again', async () => {
  const disk = await mountSmallDisk(DISK_BYTES);
  const args = ['serve', '--json', '--data-dir', `${disk.path}/data`, ...FREE_PORTS];
  const server = await startProcess<Serving['ready']>(
    'packages/cli/src/main.ts',
    args,
    disk.prefix,
  );
  onTestFinished(async () => {
    await server.stop('SIGKILL');
  });
  const { ui, otlpHttp } = server.ready;
  const sender = new Sender(otlpHttp, { encoding: 'proto', connections: 4 });
  await eventually('spans are acknowledged', async () => sender.acknowledged.size > 200);

  disk.fill(LEFT_BYTES);
  await eventually('spans are refused', async () => (sender.refused.get(503) ?? 0) > 50);
  await eventually('the engine cannot store either', async () => {
    return (await readStatus(ui)).journal.lagMs > 1_500;
  });
  const { ingest } = await readStatus(ui);
  expect(ingest.rejected.TL_JOURNAL_FAILED?.spans).toBeGreaterThan(0);

  const before = sender.acknowledged.size;
  disk.empty();
  await eventually('spans are taken again', async () => sender.acknowledged.size > before + 200);
  await sender.stop();
  await eventually('the journal is loaded', async () => (await readStatus(ui)).journal.bytes === 0);
  expect((await readStatus(ui)).store.recordsQuarantined).toBe(0);
  expect([...sender.refused.keys()]).toEqual([503]);
  await server.stop('SIGTERM');

  const rows = storedRows(`${disk.path}/data`, disk.prefix);
  expect(defective(rows, sender.acknowledged)).toEqual([]);
  expect(defective(rows, rows.keys())).toEqual([]);
});
