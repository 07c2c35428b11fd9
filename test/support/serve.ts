import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type StatusResponse, statusResponseSchema } from '@throughline/model';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const CLI = join(ROOT, 'packages', 'cli', 'src', 'main.ts');
const READY_DEADLINE_MS = 60_000;

/** A `throughline serve` of its own process, on free ports. */
export interface Serving {
  ui: string;
  otlpHttp: string;
  process: ChildProcess;
  /** Ends the process with the signal and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'throughline-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the command line until it ends by itself. */
export function runCli(args: readonly string[], deadlineMs: number): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
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

/** Starts `throughline serve`, or `demo`, and waits until everything listens. */
export async function startServe(
  dataDir: string,
  command: readonly string[] = ['serve'],
): Promise<Serving> {
  const ports = ['--ui-port', '0', '--otlp-http-port', '0'];
  const child = spawn(
    process.execPath,
    [CLI, ...command, '--json', '--data-dir', dataDir, ...ports],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const ready = await new Promise<{ ui: string; otlpHttp: string }>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('serve is not ready')), READY_DEADLINE_MS);
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
    child.once('exit', (code) => reject(new Error(`serve ended with code ${code}`)));
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return { ui: ready.ui, otlpHttp: ready.otlpHttp, process: child, stop };
}

export async function readStatus(ui: string): Promise<StatusResponse> {
  const response = await fetch(`${ui}/api/status`);
  return statusResponseSchema.parse(await response.json());
}

/** Asks again until the answer is true. */
export async function eventually(
  what: string,
  ask: () => Promise<boolean>,
  deadlineMs = 60_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await ask())) {
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
