import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const APT_DEADLINE_MS = 600_000;

/** Folders of servers that are not on every user's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];

/** The program's full path, on the PATH or in `folders`; `undefined` when there is none. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const path = (process.env.PATH ?? '').split(delimiter);
  return [...path, ...SERVER_FOLDERS, ...folders]
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/** Installs a Debian package where that is possible: on Debian, as root. Otherwise does nothing. */
export function aptInstall(name: string): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  process.stdout.write(`provision: installing ${name} ...\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: APT_DEADLINE_MS });
  }
}
