import { setTimeout as delay } from 'node:timers/promises';
import type { ChdbResult } from 'chdb';
import { type Connection, Connections, type RunContext } from './connections.ts';
import { ClickHouseException } from './exceptions.ts';
import { RUNNING_MAX, STREAMING_MAX, STREAMING_WAITING_MAX, WAITING_MAX } from './limits.ts';
import { Slots } from './slots.ts';

const KILL_AGAIN_MS = 200;

const NOTHING: RunContext = {
  session: [],
  settings: new Map(),
  readonly: 0,
  parameters: new Map(),
};

/** A statement that the HTTP interface has understood, ready for the engine. */
export interface Run {
  text: string;
  format: string;
  context: RunContext;
  /** What it leaves behind on its connection is not for the next one. */
  changesConnection: boolean;
  /** When nobody waits for the answer any more. Never of a statement that writes. */
  signal: AbortSignal;
}

interface Lease {
  connection: Connection;
  end(succeeded: boolean): Promise<void>;
}

/** Runs statements side by side, so many at once, and stops those that nobody waits for. */
export class Queries {
  readonly #connections: Connections;
  readonly #running = new Slots(RUNNING_MAX, WAITING_MAX);
  readonly #streaming = new Slots(STREAMING_MAX, STREAMING_WAITING_MAX);
  #ping: Promise<unknown> | undefined;

  constructor(path: string, args: readonly string[]) {
    this.#connections = new Connections(path, args);
  }

  /** @returns the whole answer, when the statement is done */
  async run(run: Run): Promise<ChdbResult> {
    const lease = await this.#lease(this.#running, run);
    let succeeded = false;
    try {
      const result = await lease.connection.run(run.text, run.format, run.context);
      succeeded = true;
      return result;
    } finally {
      await lease.end(succeeded);
    }
  }

  /** The answer of a SELECT in parts, as fast as they are taken. */
  async *stream(run: Run): AsyncGenerator<Uint8Array> {
    const lease = await this.#lease(this.#streaming, run);
    let succeeded = false;
    try {
      const chunks = await lease.connection.stream(run.text, run.format, run.context);
      for await (const chunk of chunks) yield chunk.raw();
      succeeded = true;
    } finally {
      await lease.end(succeeded);
    }
  }

  /** Resolves when the engine answers the smallest query; it does not wait for a turn. */
  async ping(): Promise<void> {
    this.#ping ??= this.#apart('SELECT 1', 'Null').finally(() => {
      this.#ping = undefined;
    });
    await this.#ping;
  }

  /** The engine's version and time zone. */
  async identity(): Promise<string[]> {
    const text = await this.#apart('SELECT version(), timezone()', 'TSVRaw');
    return text.trim().split('\t');
  }

  close(): void {
    this.#connections.close();
  }

  async #lease(slots: Slots, run: Run): Promise<Lease> {
    const release = await slots.take();
    if (run.signal.aborted) {
      release();
      throw new ClickHouseException('QUERY_WAS_CANCELLED', 'Query was cancelled.');
    }
    const connection = this.#connections.take(run.context);
    const stopKilling = this.#killOn(run.signal, connection.mark);
    return {
      connection,
      end: async (succeeded) => {
        // Before the connection has its next statement, which would be the one that is killed.
        await stopKilling();
        if (succeeded) connection.works = true;
        if (run.changesConnection || run.signal.aborted) connection.close();
        else this.#connections.giveBack(connection);
        release();
      },
    };
  }

  #killOn(signal: AbortSignal, mark: string): () => Promise<void> {
    let done = false;
    let killing: Promise<void> | undefined;
    const kill = async () => {
      while (!done) {
        const where = `Settings['log_comment'] = '${mark}'`;
        // A statement that has not begun yet is not found, and one that has ended need not be.
        await this.#apart(`KILL QUERY WHERE ${where} ASYNC`, 'Null').catch(() => undefined);
        if (!done) await delay(KILL_AGAIN_MS);
      }
    };
    const onAbort = () => {
      killing = kill();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return async () => {
      done = true;
      signal.removeEventListener('abort', onAbort);
      await killing;
    };
  }

  async #apart(statement: string, format: string): Promise<string> {
    const connection = this.#connections.take(NOTHING);
    try {
      const result = await connection.run(statement, format, NOTHING);
      connection.works = true;
      return result.text();
    } finally {
      this.#connections.giveBack(connection);
    }
  }
}
