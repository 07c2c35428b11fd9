import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './process.ts';

/** The bot in a process of its own, traced as its documentation says. */
export interface BotProcess {
  readonly url: string;
  /** Of /healthz, /readyz and /metrics. */
  readonly health: string;
  isRunning(): boolean;
  /** What it has logged so far. */
  log(): string;
  /** @returns its exit code, `null` when a signal ended it */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const READY_DEADLINE_MS = 120_000;

/** @throws Error with what it logged, when it ends instead */
export async function startBotProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<BotProcess> {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'trading/bot/src/main.ts'), '--exit-with-parent', ...args],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        OTEL_BSP_SCHEDULE_DELAY: '50',
        ...environment,
      },
    },
  );
  let log = '';
  child.stderr.on('data', (data) => {
    log += data;
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const signal = AbortSignal.timeout(READY_DEADLINE_MS);
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line', { signal }).then(([text]) => text),
    exited.then((code) => Promise.reject(new Error(`exit ${code}: ${log}`))),
  ]).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const { url, health } = JSON.parse(line);
  return {
    url,
    health,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    log: () => log,
    stop(stopSignal = 'SIGTERM') {
      if (child.exitCode === null) child.kill(stopSignal);
      return exited;
    },
  };
}
