import { createWriteStream, existsSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatBytes, ThroughlineError } from '@throughline/model';
import { type Backup, backupDataDir } from '@throughline/server';
import { readConfigFile, readSettings, type Settings } from '../config.ts';
import { BACKUP_FLAGS, helpText } from '../flags.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { VERSION } from '../version.ts';
import { requestBackup } from './request-backup.ts';

const USAGE = 'throughline backup --to PATH: write everything that is stored into one file';

/** Backs up a running server, over its API, or a data directory that none uses. */
export async function backup(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(helpText(USAGE, BACKUP_FLAGS));
    return 0;
  }
  const settings = readSettings(BACKUP_FLAGS, { argv, file: readConfigFile() });
  const file = fileOf(settings.to);
  const { stream, spans, bytes, close } = await open(settings);
  try {
    const written = await write(stream, file, bytes);
    process.stdout.write(`Backed up ${spans} spans, ${formatBytes(written)}, to ${file}\n`);
  } finally {
    await close?.();
  }
  return 0;
}

interface OpenBackup extends Backup {
  close?: () => Promise<void>;
}

async function open(settings: Settings<typeof BACKUP_FLAGS>): Promise<OpenBackup> {
  const { url, host, token, 'data-dir': dataDir, 'ui-port': port } = settings;
  const ask = (url: string) => requestBackup(url, settings['read-token'] ?? token);
  if (url !== undefined) return ask(url);
  if (!existsSync(dataDir)) {
    throw new ThroughlineError('TL_BACKUP_FAILED', `there is no data directory ${dataDir}`, {
      hint: 'Name it with --data-dir, or a running server with --url.',
    });
  }
  try {
    return await backupDataDir(dataDir, VERSION);
  } catch (cause) {
    if (!(cause instanceof ThroughlineError) || cause.code !== 'TL_DATA_DIR_LOCKED') throw cause;
    const scheme = settings['tls-cert'] === undefined ? 'http' : 'https';
    return ask(`${scheme}://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`);
  }
}

/** @throws ThroughlineError `TL_CONFIG_INVALID`; `TL_BACKUP_FAILED` when the file is there already */
function fileOf(to: string | undefined): string {
  if (to === undefined) {
    const hint = 'It names a file that is not there yet, or a folder.';
    throw new ThroughlineError('TL_CONFIG_INVALID', '--to is missing', { hint });
  }
  const isFolder = statSync(to, { throwIfNoEntry: false })?.isDirectory();
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const file = isFolder ? join(to, `throughline-${time}.tar`) : to;
  if (!existsSync(file)) return file;
  const hint = 'Choose another name: no backup is overwritten.';
  throw new ThroughlineError('TL_BACKUP_FAILED', `${file} is there already`, { hint });
}

/** Under another name until it is whole and on disk. @returns its bytes */
async function write(stream: Readable, file: string, total: number): Promise<number> {
  const progress = new ProgressLine();
  let written = 0;
  const counting = new Transform({
    transform: (chunk: Buffer, _, done) => {
      written += chunk.length;
      progress.update(`${formatBytes(written)} of about ${formatBytes(total)}`);
      done(null, chunk);
    },
  });
  const partial = `${file}.partial`;
  try {
    await pipeline(stream, counting, createWriteStream(partial, { mode: 0o600, flush: true }));
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    if (cause instanceof ThroughlineError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError('TL_BACKUP_FAILED', `${file} could not be written: ${reason}`, {
      hint: 'Nothing is left of it. Try again.',
      cause,
    });
  }
  progress.finish(formatBytes(written));
  return written;
}
