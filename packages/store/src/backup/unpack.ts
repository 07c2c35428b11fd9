import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ThroughlineError } from '@throughline/model';
import { type Entry, extract } from 'tar-stream';
import { z } from 'zod';
import {
  type BackupFile,
  isBackupPath,
  MANIFEST_BYTES_MAX,
  MANIFEST_NAME,
  type Manifest,
  manifestSchema,
} from './manifest.ts';

/**
 * Unpacks a backup into a directory and holds every file against the manifest.
 *
 * @param onBytes told how many bytes of the archive were read since the last time
 * @throws ThroughlineError `TL_BACKUP_INVALID` when it is no backup, or a damaged or incomplete one; as
 *   the file system does
 */
export async function unpackBackup(
  archive: Readable,
  dir: string,
  onBytes: (bytes: number) => void,
): Promise<Manifest> {
  const counting = new Transform({
    transform: (chunk: Buffer, _, done) => {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const entries = extract();
  const reading = pipeline(archive, counting, entries);
  // An entry of an archive that ends early neither ends nor fails by itself.
  const broken = new AbortController();
  reading.catch((error: unknown) => broken.abort(error));
  const files = new Map<string, BackupFile>();
  let manifest: Manifest | undefined;
  try {
    for await (const entry of entries) {
      const { name, type } = entry.header;
      if (manifest || type !== 'file' || files.has(name)) throw invalid(`${name} is out of place`);
      if (name === MANIFEST_NAME) manifest = await readManifest(entry, broken.signal);
      else files.set(name, await unpackFile(entry, dir, broken.signal));
    }
    await reading;
  } catch (cause) {
    const reason = broken.signal.aborted ? broken.signal.reason : cause;
    throw isSystemError(reason) ? reason : toInvalid(reason);
  }
  if (!manifest) throw invalid('it ends before its manifest');
  compare(manifest, files);
  return manifest;
}

async function unpackFile(entry: Entry, dir: string, signal: AbortSignal): Promise<BackupFile> {
  const { name } = entry.header;
  if (!isBackupPath(name)) throw invalid(`${name} does not belong into a backup`);
  const path = join(dir, name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  const hashing = new Transform({
    transform: (chunk: Buffer, _, done) => {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(entry, hashing, file, { signal });
  return { path: name, bytes, sha256: hash.digest('hex') };
}

async function readManifest(entry: Entry, signal: AbortSignal): Promise<Manifest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const gathering = new Writable({
    write: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      chunks.push(chunk);
      done(bytes > MANIFEST_BYTES_MAX ? invalid('its manifest is too large') : null);
    },
  });
  await pipeline(entry, gathering, { signal });
  return z.decode(manifestSchema, JSON.parse(Buffer.concat(chunks).toString()));
}

function compare(manifest: Manifest, files: ReadonlyMap<string, BackupFile>): void {
  for (const { path, bytes, sha256 } of manifest.files) {
    const file = files.get(path);
    if (!file) throw invalid(`${path} is missing`);
    if (file.bytes !== bytes || file.sha256 !== sha256) throw invalid(`${path} is damaged`);
  }
  if (files.size !== manifest.files.length) throw invalid('it holds files that it does not name');
}

/** What the disk says, not what the archive holds. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function toInvalid(cause: unknown): ThroughlineError {
  if (cause instanceof ThroughlineError) return cause;
  if (cause instanceof z.ZodError) return invalid('its manifest is not one', cause);
  return invalid(cause instanceof Error ? cause.message : String(cause), cause);
}

function invalid(reason: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_BACKUP_INVALID', `this is not a whole backup: ${reason}`, {
    hint: 'Use another backup, or copy the file again.',
    cause,
  });
}
