import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ThroughlineError } from '@throughline/model';
import { inheritedEnvironment } from '../config.ts';

const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 10_000;
const STDERR_CHARS_MAX = 4_000;

export interface ProcessOptions {
  /** Shown in messages. */
  name: string;
  /** From the root of the workspace. */
  script: string;
  args: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

/** A process of ours that says in JSON lines what it does, and stops when we are gone (stdin ends). */
export class Subprocess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number>;
  #onLine: (line: unknown) => void = () => {};
  #stderr = '';
  #stopped = false;

  constructor({ name, script, args, environment = {} }: ProcessOptions) {
    this.#name = name;
    const path = fileURLToPath(new URL(`../../../../${script}`, import.meta.url));
    this.#child = spawn(process.execPath, [path, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C goes to us alone: what depends on others must stop before them.
      detached: true,
      env: { ...inheritedEnvironment(), ...environment },
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve(1));
      this.#child.once('exit', (code) => resolve(code ?? 1));
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_MAX);
    });
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (text) => {
        const line = parseLine(text);
        if (line !== undefined) this.#onLine(line);
      });
    }
  }

  /**
   * Rejects when the process ends although nobody stopped it.
   *
   * @throws ThroughlineError `TL_DEMO_FAILED` with the last it said
   */
  async failure(): Promise<never> {
    const code = await this.#exited;
    if (this.#stopped) return new Promise(() => {});
    throw this.#failed(`ended with code ${code}`);
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
      if (Number.isFinite(deadlineMs)) {
        timer = setTimeout(
          () => resolve(`did not answer within ${deadlineMs / 1000} s`),
          deadlineMs,
        );
      }
    });
    const ended = this.#exited.then((code) => `ended with code ${code}`);
    const failed = Promise.race([late, ended]).then((reason) => {
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
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_DEADLINE_MS);
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
