export {
  type Backup,
  type ClusterOptions,
  type Restored,
  restoreBackup,
} from '@throughline/store';
export { backupDataDir } from './backup.ts';
export { type Server, type ServerOptions, startServer } from './main.ts';
