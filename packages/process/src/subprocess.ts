import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ThroughlineError } from '@throughline/model';

/** One that ends is noticed at once; one that starts slowly, on a slow machine, is waited for. */
const READY_DEADLINE_MS = 180_000;
const STOP_DEADLINE_MS = 10_000;
const STDERR_CHARS_MAX = 4_000;

export interface SubprocessCommand {
  readonly program: string;
  readonly args: readonly string[];
}

export interface SubprocessOptions {
  /** Shown in messages. */
  readonly name: string;
  /** All that the process sees of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** From the request to stop until it is made to. Default 10,000. */
  readonly stopDeadlineMs?: number;
  /** Sees what it writes to stderr; the last of it is kept for messages in any case. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** A process that says in JSON lines on stdout what it does, and sees its stdin end when we are gone. */
export class Subprocess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #stopDeadlineMs: number;
  readonly #exited: Promise<string>;
  #onLine: (line: unknown) => void = () => {};
  #stderr = '';
  #stopped = false;

  constructor(command: SubprocessCommand, options: SubprocessOptions) {
    this.#name = options.name;
    this.#stopDeadlineMs = options.stopDeadlineMs ?? STOP_DEADLINE_MS;
    this.#child = spawn(command.program, command.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C goes to us alone: what depends on others must stop before them.
      detached: true,
      env: options.environment,
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`did not start: ${error.message}`));
      this.#child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_MAX);
      options.onStderr?.(text);
    });
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (text) => {
        const line = parseLine(text);
        if (line !== undefined) this.#onLine(line);
      });
    }
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Rejects when the process ends although nobody stopped it.
   *
   * @throws ThroughlineError `TL_DEMO_FAILED` with the last it said
   */
  async failure(): Promise<never> {
    const ending = await this.#exited;
    if (this.#stopped) return new Promise(() => {});
    throw this.#failed(ending);
  }

  /**
   * Hands each line to `read` until it returns something, and returns that.
   *
   * @throws ThroughlineError `TL_DEMO_FAILED` when the process ends first, or after the deadline
   */
  async until<T>(
    read: (line: unknown) => T | undefined,
    deadlineMs = READY_DEADLINE_MS,
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const found = new Promise<T>((resolve) => {
      this.#onLine = (line) => {
        const value = read(line);
        if (value !== undefined) resolve(value);
      };
    });
    const late = new Promise<string>((resolve) => {
      if (!Number.isFinite(deadlineMs)) return;
      const text = `did not answer within ${deadlineMs / 1000} s`;
      timer = setTimeout(() => resolve(text), deadlineMs);
    });
    const failed = Promise.race([late, this.#exited]).then((reason) => {
      throw this.#failed(reason);
    });
    try {
      return await Promise.race([found, failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks it to stop, and makes it after a deadline. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#stopDeadlineMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #failed(reason: string): ThroughlineError {
    const said = this.#stderr.trim();
    const message = `${this.#name} ${reason}${said === '' ? '' : `: ${said}`}`;
    return new ThroughlineError('TL_DEMO_FAILED', message);
  }
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
