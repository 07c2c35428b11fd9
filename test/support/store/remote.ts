import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../packages/store/src/index.ts';
import { type ClickHouseServer, startClickHouse } from '../clickhouse.ts';
import { CLUSTER, CLUSTER_CONFIG, withoutKeeper } from './cluster-layout.ts';
import { type ContractStore, LIFECYCLES } from './contract.ts';

const SETTLE_MS = 60_000;
const DATABASE = 'contract';

/** The store in this process with its tables on a ClickHouse server that it reaches by its URL. */
export async function openRemote(): Promise<ContractStore> {
  return open(await startClickHouse(), undefined);
}

/** The same with the tables of a cluster: written to here, read from both of its shards. */
export async function openDistributed(): Promise<ContractStore> {
  const server = await startClickHouse(CLUSTER_CONFIG);
  await server.command(`CREATE DATABASE ${DATABASE}`);
  const layout = { database: DATABASE, cluster: CLUSTER };
  for (const text of withoutKeeper(layout)) await server.command(text, DATABASE);
  await server.command('INSERT INTO schema_versions (version) SELECT 1', DATABASE);
  return open(server, CLUSTER);
}

async function open(server: ClickHouseServer, cluster: string | undefined): Promise<ContractStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'store-'));
  const { url, password } = server;
  const store = await openStore({
    dataDir,
    cluster: { url, password, database: DATABASE, cluster },
    lifecycles: LIFECYCLES,
    segmentAgeMs: 20,
  });
  return {
    append: (record) => store.append(record),
    settled: () => store.settled(SETTLE_MS),
    reads: store.reads,
    close: async () => {
      await store.close();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
