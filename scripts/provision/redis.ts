import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, findProgram } from './debian.ts';
import { freePort, startServer, type TestServer } from './server-process.ts';

const find = (): string | undefined => findProgram('redis-server');

/** Brings redis-server. @returns its path, or what to do */
export function provisionRedis(): { path: string } | { todo: string } {
  if (!find()) aptInstall('redis-server');
  const path = find();
  return path ? { path } : { todo: 'install redis-server 6 or newer and put it on the PATH' };
}

/** A redis-server that keeps what it holds over a restart. */
export async function startRedis(): Promise<TestServer & { readonly url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-redis-'));
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', save: '' };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = await startServer({ program: find() ?? 'redis-server', args, folder, port });
  return { ...server, url: `redis://127.0.0.1:${port}` };
}
