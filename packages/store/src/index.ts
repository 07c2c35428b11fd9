export type { Backup } from './backup/backups.ts';
export { type Restored, type RestoreOptions, restoreBackup } from './backup/restore.ts';
export type { ClusterOptions } from './cluster/connection.ts';
export type { Durability } from './journal/journal.ts';
export type { RetentionLimits } from './retention/limits.ts';
export { openStore, type Store, type StoreOptions, type StoreStatus } from './store.ts';
export type {
  BeginPage,
  BeginRow,
  BeginSpan,
  CoverageOptions,
  HopPage,
  HopRow,
  InboundLinkRow,
  LinkPage,
  ListOptions,
  SpanPage,
  TracePage,
  TraceStore,
} from './trace-store.ts';
