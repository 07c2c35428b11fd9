import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, findProgram } from './debian.ts';
import { freePort, startServer, type TestServer } from './server-process.ts';

const find = (): string | undefined => findProgram('nats-server');

/** Brings nats-server. @returns its path, or what to do */
export function provisionNats(): { path: string } | { todo: string } {
  if (!find()) aptInstall('nats-server');
  const path = find();
  return path ? { path } : { todo: 'install nats-server 2.9 or newer and put it on the PATH' };
}

/** A nats-server with JetStream. */
export async function startNats(): Promise<TestServer & { readonly url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-nats-'));
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder];
  const server = await startServer({ program: find() ?? 'nats-server', args, folder, port });
  return { ...server, url: `nats://127.0.0.1:${port}` };
}
