import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, readStatus, startServing } from '../serve.ts';
import type { ContractStore } from './contract.ts';
import { ServerReads } from './server-reads.ts';

/** A `throughline serve` of its own process: records go in over OTLP/HTTP, answers come from its API. */
export async function openServed(args: readonly string[] = []): Promise<ContractStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'served-'));
  const server = await startServing(dataDir, ['serve', ...args]);
  return {
    append: async (record) => {
      const headers = { 'content-type': 'application/x-protobuf' };
      const options = { method: 'POST', headers, body: new Uint8Array(record) };
      const response = await fetch(`${server.otlpHttp}/v1/traces`, options);
      if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
    },
    settled: () =>
      eventually('everything is loaded', async () => {
        return (await readStatus(server.ui)).journal.bytes === 0;
      }),
    reads: new ServerReads(server.ui),
    close: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
