import { type Backup, openStore } from '@throughline/store';
import { LIFECYCLE_DEFINITIONS } from './lifecycle/definitions.ts';

/** A backup that holds the data directory open. */
interface OwnBackup extends Backup {
  /** To be called when the backup was read, or is not wanted. */
  close(): Promise<void>;
}

/**
 * Begins a backup of a data directory that no server uses.
 *
 * @throws ThroughlineError `TL_DATA_DIR_LOCKED` when one does, and as the store does
 */
export async function backupDataDir(dataDir: string, version: string): Promise<OwnBackup> {
  const store = await openStore({ dataDir, lifecycles: LIFECYCLE_DEFINITIONS, version });
  try {
    return { ...(await store.backup()), close: () => store.close() };
  } catch (cause) {
    await store.close();
    throw cause;
  }
}
