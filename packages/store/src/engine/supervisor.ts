import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import { engineEnvironment } from './config.ts';
import { isUnresponsive } from './health.ts';
import type { ParentMessage, ReadyMessage } from './protocol.ts';

const START_TIMEOUT_MS = 30_000;
const FIRST_START_PATIENCE_MS = 3_000;
/** While another engine has the directory. */
const IN_USE_PATIENCE_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const ANSWER_MS_MAX = 20_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** A child that lived this long starts the backoff anew. */
const HEALTHY_MS = 10_000;
const STDERR_CHARS_MAX = 4_000;

export interface SupervisorOptions {
  /** The directory of the engine's tables. */
  path: string;
  memoryBytesMax: number;
  /** A child that does not answer for so long is killed and started again. */
  answerMsMax?: number;
  onWarning: (message: string) => void;
  /** Runs against every new child before it counts as ready. */
  onStart: (endpoint: EngineEndpoint) => Promise<void>;
}

/** Where a running child answers. */
export interface EngineEndpoint {
  url: string;
  password: string;
}

export type EngineState = 'starting' | 'ready' | 'restarting' | 'stopped';

export interface EngineStatus {
  state: EngineState;
  restarts: number;
  version: string;
  pid: number | undefined;
}

interface RunningChild {
  process: ChildProcess;
  endpoint: EngineEndpoint;
  version: string;
  exited: Promise<string>;
}

/** Keeps one engine child running until it is stopped. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #state: EngineState = 'starting';
  #restarts = 0;
  #child: RunningChild | undefined;
  #lastVersion = '';
  #supervising: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** The ready child's endpoint; `undefined` while there is none. */
  get endpoint(): EngineEndpoint | undefined {
    return this.#state === 'ready' ? this.#child?.endpoint : undefined;
  }

  status(): EngineStatus {
    return {
      state: this.#state,
      restarts: this.#restarts,
      version: this.#lastVersion,
      pid: this.endpoint && this.#child?.process.pid,
    };
  }

  /**
   * Tries for a while: the child of a server that was killed may still be giving up the directory.
   *
   * @throws ThroughlineError `TL_ENGINE_FAILED` when the first child does not come up
   */
  async start(): Promise<void> {
    const begunMs = performance.now();
    for (;;) {
      try {
        await this.#startChild();
        break;
      } catch (error) {
        const patienceMs = isInUse(error) ? IN_USE_PATIENCE_MS : FIRST_START_PATIENCE_MS;
        if (performance.now() - begunMs > patienceMs) throw error;
        await delay(BACKOFF_FIRST_MS);
      }
    }
    this.#supervising = this.#supervise();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    if (this.#child) await stopChild(this.#child);
    await this.#supervising;
  }

  async #startChild(): Promise<void> {
    const child = await startChild(this.#options);
    this.#child = child;
    this.#lastVersion = child.version;
    try {
      await this.#options.onStart(child.endpoint);
    } catch (error) {
      await stopChild(child);
      throw error;
    }
    if (this.#isStopped()) await stopChild(child);
    else this.#state = 'ready';
  }

  async #supervise(): Promise<void> {
    let backoffMs = BACKOFF_FIRST_MS;
    while (this.#child && !this.#isStopped()) {
      const startedMs = Date.now();
      const reason = await this.#child.exited;
      if (this.#isStopped()) return;
      this.#state = 'restarting';
      this.#options.onWarning(`the engine stopped (${reason}); it is started again`);
      if (Date.now() - startedMs > HEALTHY_MS) backoffMs = BACKOFF_FIRST_MS;
      backoffMs = await this.#restart(backoffMs);
    }
  }

  async #restart(backoffMs: number): Promise<number> {
    let waitMs = backoffMs;
    while (!this.#isStopped()) {
      await delay(waitMs);
      waitMs = Math.min(waitMs * 2, BACKOFF_MAX_MS);
      this.#restarts += 1;
      try {
        await this.#startChild();
        return waitMs;
      } catch (error) {
        this.#options.onWarning(error instanceof Error ? error.message : String(error));
      }
    }
    return waitMs;
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}

async function startChild(options: SupervisorOptions): Promise<RunningChild> {
  const child = fork(join(import.meta.dirname, 'child.ts'), {
    execArgv: [],
    env: engineEnvironment(),
    // The engine keeps compiled format schemas below its working directory.
    cwd: options.path,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_CHARS_MAX);
  });
  const ended = new AbortController();
  let unresponsive = false;
  const exited = new Promise<string>((resolve) => {
    const end = (reason: string) => {
      ended.abort();
      resolve(reason);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) =>
      end(unresponsive ? 'it did not answer' : `${signal ?? `exit code ${code}`}`),
    );
  });
  const password = randomBytes(32).toString('hex');
  const { path, memoryBytesMax } = options;
  send(child, { type: 'open', path, password, memoryBytesMax });
  const ready = await Promise.race([
    new Promise<ReadyMessage>((resolve) => child.once('message', resolve)),
    exited,
    delay(START_TIMEOUT_MS, `no answer in ${START_TIMEOUT_MS} ms`, { ref: false }),
  ]);
  if (typeof ready === 'string') {
    child.kill('SIGKILL');
    throw new ThroughlineError('TL_ENGINE_FAILED', `the engine did not start: ${ready}`, {
      hint: reasonIn(stderr) ?? 'Is the data directory used by another engine?',
    });
  }
  const endpoint = { url: `http://127.0.0.1:${ready.port}`, password };
  const answerMsMax = options.answerMsMax ?? ANSWER_MS_MAX;
  void isUnresponsive(endpoint.url, answerMsMax, ended.signal).then((isSo) => {
    unresponsive = isSo;
    if (isSo) child.kill('SIGKILL');
  });
  return { process: child, endpoint, version: ready.version, exited };
}

async function stopChild({ process: child, exited }: RunningChild): Promise<void> {
  send(child, { type: 'close' });
  const stopped = await Promise.race([exited, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  if (stopped === undefined) child.kill('SIGKILL');
  await exited;
}

/** A child that has just died cannot be told anything; its `exited` says so. */
function send(child: ChildProcess, message: ParentMessage): void {
  if (child.connected) child.send(message, () => undefined);
}

function isInUse(error: unknown): boolean {
  return error instanceof ThroughlineError && /already running/.test(error.hint ?? '');
}

/** The engine says why only on stderr, among stack traces. */
function reasonIn(stderr: string): string | undefined {
  return stderr
    .split('\n')
    .find((line) => /exception|cannot|error:/i.test(line))
    ?.trim();
}
