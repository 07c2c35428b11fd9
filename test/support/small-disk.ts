import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** A file system of a few megabytes that only the processes started with `prefix` see. */
export interface SmallDisk {
  /** Where it is, for these processes. */
  readonly path: string;
  readonly prefix: readonly string[];
  /** Takes all of it but so many bytes. */
  fill(leftBytes: number): void;
  /** Gives back what was taken. */
  empty(): void;
}

/**
 * Mounts a tmpfs in a mount namespace of its own, which needs Linux and root, or user namespaces that
 * may be made by anyone. It is gone when the test has ended.
 *
 * @throws Error when the system does not allow it: what is tested here can be shown in no other way
 */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk> {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const script = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec cat';
  const holder = spawn('unshare', [
    ...['--map-root-user', '--mount', 'sh', '-c'],
    ...[script, 'sh', String(bytes), path],
  ]);
  onTestFinished(() => {
    holder.kill();
    rmSync(path, { recursive: true, force: true });
  });
  let errors = '';
  holder.stderr.on('data', (data) => {
    errors += data;
  });
  const line = await Promise.race([
    once(createInterface({ input: holder.stdout }), 'line').then(([text]) => text),
    once(holder, 'close').then(() => errors),
    once(holder, 'error').then(([error]) => String(error)),
  ]);
  if (line !== 'mounted') throw new Error(`a file system cannot be mounted here: ${line}`);
  const seenFromHere = join(`/proc/${holder.pid}/root`, path);
  const filler = join(seenFromHere, 'filler');
  return {
    path,
    prefix: ['nsenter', '-t', `${holder.pid}`, '--user', '--preserve-credentials', '--mount'],
    fill: (leftBytes) => {
      const { bavail, bsize } = statfsSync(seenFromHere);
      try {
        writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
      } catch (error) {
        // Somebody took what was to be left, while it was written.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    empty: () => rmSync(filler),
  };
}
