import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StatusResponse, statusResponseSchema } from '@throughline/model';
import { onTestFinished } from 'vitest';
import { FREE_PORTS, type ReadyProcess, ROOT, startProcess } from './process.ts';

const CLI = 'packages/cli/src/main.ts';
type Endpoints = StatusResponse['endpoints'];

/** A `throughline serve` or `demo` of its own process, on free ports. */
export interface Serving extends ReadyProcess<Endpoints>, Endpoints {}

/** A folder that is gone when the test has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `throughline serve`, or `demo`; it is stopped, at the latest, when the test has ended. */
export async function startServe(
  dataDir: string,
  command: readonly string[] = ['serve'],
): Promise<Serving> {
  const serving = await startServing(dataDir, command);
  onTestFinished(async () => {
    await serving.stop();
  });
  return serving;
}

/** As {@link startServe}, for whoever stops it. */
export async function startServing(
  dataDir: string,
  command: readonly string[] = ['serve'],
): Promise<Serving> {
  const args = [...command, '--json', '--data-dir', dataDir, ...FREE_PORTS];
  const serving = await startProcess<Serving['ready']>(CLI, args);
  return { ...serving, ...serving.ready };
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line, a server on free ports unless told otherwise, until it ends by itself. */
export function runCli(
  args: readonly string[],
  deadlineMs: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const [command = '', ...rest] = args;
  const ports = command === 'serve' || command === 'demo' ? FREE_PORTS : [];
  const child = spawn(process.execPath, [join(ROOT, CLI), command, ...ports, ...rest], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ ...ended, code });
    });
  });
}

export async function readStatus(ui: string): Promise<StatusResponse> {
  const response = await fetch(`${ui}/api/status`);
  return statusResponseSchema.parse(await response.json());
}

/** Asks again until the answer is true. */
export async function eventually(
  what: string,
  ask: () => Promise<boolean>,
  deadlineMs = 120_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await ask())) {
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
