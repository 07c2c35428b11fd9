import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../trading/exchange/src/main.ts', import.meta.url));
const READY_TIMEOUT_MS = 15_000;

/** The exchange simulator, running as its own process. */
export interface ExchangeProcess {
  readonly child: ChildProcess;
  readonly rest: string;
  readonly ws: string;
  readonly wsApi: string;
  /** Asks it to end. @returns its exit code */
  stop(): Promise<number | null>;
}

/**
 * Starts the simulator on a free port and waits for its ready line.
 *
 * @throws Error with exit code and error output when it ends instead
 */
export async function startExchangeProcess(args: readonly string[]): Promise<ExchangeProcess> {
  const child = spawn(process.execPath, [MAIN, ...args]);
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line', { signal }).then(([text]) => text),
    exited.then((code) => Promise.reject(new Error(`exit ${code}: ${errors}`))),
  ]).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const { rest, ws, wsApi } = JSON.parse(line);
  const stop = () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    return exited;
  };
  return { child, rest, ws, wsApi, stop };
}
