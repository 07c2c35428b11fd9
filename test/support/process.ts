import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..', '..');

const READY_DEADLINE_MS = 240_000;

/** Every port of the server is one that is free. */
export const FREE_PORTS = [
  '--ui-port=0',
  '--otlp-http-port=0',
  '--otlp-grpc-port=0',
  '--jaeger-compact-port=0',
  '--jaeger-binary-port=0',
  '--jaeger-http-port=0',
  '--zipkin-port=0',
];

/** A process of ours that said in one line of JSON that it is ready. */
export interface ReadyProcess<Ready> {
  readonly child: ChildProcess;
  readonly ready: Ready;
  /** Asks it to end, or makes it. @returns its exit code, `null` when a signal ended it */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts a script of the repository and waits for its ready line.
 *
 * @param prefix what runs it, when not simply Node: a program with arguments
 * @throws Error with exit code and error output when it ends instead
 */
export async function startProcess<Ready>(
  script: string,
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<ReadyProcess<Ready>> {
  const command = [...prefix, process.execPath, join(ROOT, script), ...args];
  const child = spawn(command[0] ?? '', command.slice(1));
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const signal = AbortSignal.timeout(READY_DEADLINE_MS);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line', { signal }).then(([text]) => text),
    exited.then((code) => Promise.reject(new Error(`exit ${code}: ${errors}`))),
  ]).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const stop = (stopSignal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null) child.kill(stopSignal);
    return exited;
  };
  return { child, ready: JSON.parse(line), stop };
}
