import { statSync } from 'node:fs';
import { formatBytes, formatTime, ThroughlineError } from '@throughline/model';
import { restoreBackup } from '@throughline/server';
import { readConfigFile, readSettings } from '../config.ts';
import { helpText, RESTORE_FLAGS } from '../flags.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { VERSION } from '../version.ts';

const USAGE = 'throughline restore --from FILE: make a data directory out of a backup';

/** Restores a backup into an empty data directory, for the next `throughline serve`. */
export async function restore(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(helpText(USAGE, RESTORE_FLAGS));
    return 0;
  }
  const { from, 'data-dir': dataDir } = readSettings(RESTORE_FLAGS, {
    argv,
    file: readConfigFile(),
  });
  if (from === undefined) {
    const hint = 'It names the file of a backup.';
    throw new ThroughlineError('TL_CONFIG_INVALID', '--from is missing', { hint });
  }
  const progress = new ProgressLine();
  const total = statSync(from, { throwIfNoEntry: false })?.size ?? 0;
  let read = 0;
  const { spans, begunAt } = await restoreBackup({
    from,
    dataDir,
    version: VERSION,
    onBytes: (bytes) => {
      read += bytes;
      progress.update(`${formatBytes(read)} of ${formatBytes(total)}`);
    },
  });
  progress.finish(formatBytes(read));
  process.stdout.write(
    `Restored ${spans} spans, received before ${formatTime(begunAt)}, into ${dataDir}\n`,
  );
  return 0;
}
