// What a person sees when the server cannot start. Run alone: npx vitest run --project system serve-start
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCli, startServe, temporaryFolder } from './support/serve.ts';

const DEADLINE_MS = 60_000;

async function refusal(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['serve', ...args], DEADLINE_MS);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  return stderr;
}

test('a port in use is one clear line', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  onTestFinished(() => {
    holder.close();
  });
  const address = holder.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const line = await refusal(['--data-dir', temporaryFolder(), '--otlp-http-port', `${port}`]);
  expect(line).toContain(`port ${port} (otlp-http) is in use`);
  expect(line).toContain('TL_PORT_IN_USE');
});

test('a data directory that cannot be written is one clear line', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const line = await refusal(['--data-dir', join(file, 'data')]);
  expect(line).toContain('TL_DATA_DIR_UNWRITABLE');
});

test('a second server on the same directory is refused, and the first lives on', async () => {
  const dataDir = temporaryFolder();
  const first = await startServe(dataDir);
  const line = await refusal(['--data-dir', dataDir]);
  expect(line).toContain('TL_DATA_DIR_LOCKED');
  expect(line).toContain(String(first.child.pid));
  expect((await fetch(`${first.ui}/readyz`)).status).toBe(200);
  await first.stop('SIGTERM');
  const next = await startServe(dataDir);
  expect((await fetch(`${next.ui}/healthz`)).status).toBe(200);
});

test('a public address without a token, half a cluster and an unknown flag are refused', async () => {
  const dataDir = ['--data-dir', temporaryFolder()];
  expect(await refusal([...dataDir, '--host', '0.0.0.0'])).toContain('--token');
  expect(await refusal([...dataDir, '--clickhouse-cluster', 'main'])).toContain('--clickhouse-url');
  expect(await refusal(['--no-such-flag'])).toContain('TL_CONFIG_INVALID');
});
