import { spawnSync } from 'node:child_process';
import { chownSync, globSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { aptInstall, findProgram } from './debian.ts';
import { freePort, startServer, type TestServer } from './server-process.ts';

/** Debian keeps the server's programs off the PATH. */
function find(): string | undefined {
  return findProgram('initdb', globSync('/usr/lib/postgresql/*/bin').sort().reverse());
}

/** Brings PostgreSQL. @returns the path of its initdb, or what to do */
export function provisionPostgres(): { path: string } | { todo: string } {
  if (!find()) aptInstall('postgresql');
  const path = find();
  return path
    ? { path }
    : { todo: 'install PostgreSQL 13 or newer (its server: initdb, postgres)' };
}

/** A PostgreSQL server with the superuser `postgres`, who needs no password. */
export async function startPostgres(): Promise<TestServer & { readonly url: string }> {
  // Through links: the server's other programs stand beside the real one.
  const initdb = realpathSync(find() ?? 'initdb');
  const folder = mkdtempSync(join(tmpdir(), 'throughline-postgres-'));
  const user = serverUser();
  if (user) chownSync(folder, user.uid, user.gid);
  const made = spawnSync(initdb, ['-D', folder, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    cwd: folder,
    encoding: 'utf8',
    ...user,
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const server = await startServer({
    program: join(dirname(initdb), 'postgres'),
    args: ['-D', folder, '-h', '127.0.0.1', '-p', String(port), '-k', folder],
    folder,
    port,
    ...user,
    isReady: async () => answers(join(dirname(initdb), 'pg_isready'), port),
  });
  return { ...server, url };
}

function answers(pgIsReady: string, port: number): boolean {
  return spawnSync(pgIsReady, ['-h', '127.0.0.1', '-p', String(port)]).status === 0;
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}
