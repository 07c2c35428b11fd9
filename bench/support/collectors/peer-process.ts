import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { dataFolder } from './collector.ts';

const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 60_000;

/** A program of others, with a configuration file and a folder for its data. */
export interface PeerProcess {
  readonly pid: number;
  readonly folder: string;
  /** Asks it to end, and waits until it has written what it had in memory. */
  stop(): Promise<void>;
  removeFolder(): void;
}

export interface PeerOptions {
  /** The program; it gets `--config FILE`. */
  readonly program: string;
  /** The configuration, as JSON, which is YAML too. */
  readonly config: (folder: string) => object;
  /** Answers with anything once the program is ready. */
  readonly readyUrl: string;
}

export async function startPeer({ program, config, readyUrl }: PeerOptions): Promise<PeerProcess> {
  const { path: folder, remove } = dataFolder();
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, JSON.stringify(config(folder)));
  const child = spawn(program, ['--config', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  await untilReady(child, readyUrl).catch((cause) => {
    child.kill('SIGKILL');
    remove();
    throw new Error(`${program} did not start: ${errors}`, { cause });
  });
  return {
    pid: child.pid ?? 0,
    folder,
    stop: async () => {
      const exited = once(child, 'close', { signal: AbortSignal.timeout(STOP_DEADLINE_MS) });
      child.kill('SIGTERM');
      await exited;
    },
    removeFolder: remove,
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const endMs = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`exit code ${child.exitCode}`);
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response) return;
    if (performance.now() > endMs) throw new Error(`no answer in ${READY_DEADLINE_MS} ms`);
    await delay(100);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
