import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../packages/store/src/index.ts';
import { type ContractStore, LIFECYCLES } from './contract.ts';

const SETTLE_MS = 60_000;

/** The store in this process, with the embedded engine, in a folder that goes with it. */
export async function openEmbedded(): Promise<ContractStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'store-'));
  const store = await openStore({ dataDir, lifecycles: LIFECYCLES, segmentAgeMs: 20 });
  return {
    append: (record) => store.append(record),
    settled: () => store.settled(SETTLE_MS),
    reads: store.reads,
    close: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
