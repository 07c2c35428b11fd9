import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import { Subprocess, scriptCommand } from '@throughline/process';
import { z } from 'zod';

const READY_DEADLINE_MS = 20_000;
const POLL_MS = 20;
/** nats-server's own word for a free port. */
const FREE_PORT = '-1';

const startedSchema = z.object({ pid: z.int() });
const portsSchema = z.object({ nats: z.array(z.url()).min(1) });

/** The program's path, when it is on the PATH. */
export function findNatsServer(path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'nats-server'))
    .find((candidate) => existsSync(candidate));
}

/**
 * A nats-server with JetStream on a free loopback port, its data in a temporary folder. It ends with
 * this process, however that ends.
 */
export class NatsServer {
  readonly #program: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'throughline-floor-'));
  readonly #failure = Promise.withResolvers<never>();
  #process: Subprocess | undefined;
  #pid = 0;
  #url: string | undefined;
  #isStopped = false;

  constructor(program: string, environment: Readonly<Record<string, string>>) {
    this.#program = program;
    this.#environment = environment;
    // Whoever waits for it sees it; whoever does not is not to end by it.
    this.#failure.promise.catch(() => {});
  }

  get pid(): number {
    return this.#pid;
  }

  /** Rejects when the server ends although nobody stopped it. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /**
   * Starts it, on the port that it had before.
   *
   * @returns its address
   * @throws ThroughlineError `TL_DEMO_FAILED` with the last it said
   */
  async start(): Promise<string> {
    const port = this.#url === undefined ? FREE_PORT : new URL(this.#url).port;
    const folder = this.#folder;
    const args = ['-a', '127.0.0.1', '-p', port, '-js', '-sd', folder, '--ports_file_dir', folder];
    const server = new Subprocess(
      scriptCommand('trading/floor/src/guard.ts', [this.#program, ...args]),
      { name: 'nats-server', environment: this.#environment },
    );
    this.#process = server;
    const failure = server.failure();
    failure.catch(this.#failure.reject);
    const { pid } = await server.until((line) => startedSchema.safeParse(line).data);
    this.#pid = pid;
    this.#url = await Promise.race([this.#readUrl(pid), failure]);
    return this.#url;
  }

  /** Ends it and starts it again: clients lose their connection, streams stay. */
  async restart(): Promise<void> {
    await this.#process?.stop();
    if (!this.#isStopped) await this.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#process?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The server writes where it listens into a file, once it does. */
  async #readUrl(pid: number): Promise<string> {
    const deadlineMs = performance.now() + READY_DEADLINE_MS;
    while (performance.now() < deadlineMs) {
      const name = (await readdir(this.#folder)).find((file) => file.endsWith(`_${pid}.ports`));
      const text = name === undefined ? '' : await readFile(join(this.#folder, name), 'utf8');
      const url = urlOf(text);
      if (url !== undefined) return url;
      await sleep(POLL_MS);
    }
    throw new ThroughlineError('TL_DEMO_FAILED', 'nats-server did not say where it listens');
  }
}

/** Undefined for a file that is not written to its end yet. */
function urlOf(text: string): string | undefined {
  if (!text.endsWith('}')) return undefined;
  return portsSchema.parse(JSON.parse(text)).nats[0];
}
