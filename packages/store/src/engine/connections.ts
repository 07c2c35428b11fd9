import { randomUUID } from 'node:crypto';
import { type ChdbQueryStream, type ChdbResult, Session } from 'chdb';
import type { Readonly } from './guard.ts';
import { sqlString } from './sql-literal.ts';

/** Idle connections that are kept. */
const IDLE_MAX = 32;

/** What a statement runs under. */
export interface RunContext {
  /** `SET` and `USE` of the client's session, which come first. */
  session: readonly string[];
  settings: ReadonlyMap<string, string>;
  readonly: Readonly;
  /** Values as they come over HTTP: in the escaping of TabSeparated. */
  parameters: ReadonlyMap<string, string>;
}

/**
 * The engine's connections. One runs one statement at a time, several run side by side: a read does
 * not wait for a load. Opening one is cheap, but closing one waits until everything that runs in the
 * process is done, so they are used again, for statements under the same settings.
 */
export class Connections {
  readonly #path: string;
  readonly #args: readonly string[];
  /** Last used last. */
  #idle: Connection[] = [];

  constructor(path: string, args: readonly string[]) {
    this.#path = path;
    this.#args = args;
  }

  /** A connection for this statement alone, until it is given back or closed. */
  take(context: RunContext): Connection {
    const key = contextKey(context);
    const index = this.#idle.findLastIndex((connection) => connection.key === key);
    const [idle] = index === -1 ? [] : this.#idle.splice(index, 1);
    return idle ?? new Connection(key, new Session(this.#path, { connectionArgs: this.#args }));
  }

  /** For the next statement under the same settings. */
  giveBack(connection: Connection): void {
    // What was to be set on it may have been what failed.
    if (!connection.works) {
      connection.close();
      return;
    }
    this.#idle.push(connection);
    if (this.#idle.length > IDLE_MAX) this.#idle.shift()?.close();
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}

/**
 * Statements of one key can follow each other on a connection: every one sets the same settings
 * anew, or, under `readonly`, where none can be set any more, has the same values.
 */
function contextKey({ session, settings, readonly }: RunContext): string {
  return JSON.stringify([session, readonly, readonly === 0 ? [...settings.keys()] : [...settings]]);
}

export class Connection {
  readonly key: string;
  readonly #session: Session;
  /** The statement that runs here is found by it in `system.processes`. */
  readonly mark = randomUUID();
  /** A statement has succeeded here, so all its settings are as they should be. */
  works = false;
  #fresh = true;

  constructor(key: string, session: Session) {
    this.key = key;
    this.#session = session;
  }

  /** Runs a statement to its end, in a thread of its own. */
  run(statement: string, format: string, context: RunContext): Promise<ChdbResult> {
    const text = [...this.#prelude(context), statement].join(';\n');
    return this.#session.queryAsync(text, { format });
  }

  /** Begins a SELECT whose answer comes in parts. Its planning happens in this thread. */
  async stream(statement: string, format: string, context: RunContext): Promise<ChdbQueryStream> {
    const prelude = this.#prelude(context);
    if (prelude.length > 0) await this.#session.queryAsync(prelude.join(';\n'), { format });
    return this.#session.queryStream(statement, { format });
  }

  close(): void {
    this.#session.close();
  }

  #prelude({ session, settings, readonly, parameters }: RunContext): string[] {
    const prelude: string[] = [];
    if (this.#fresh) prelude.push(...session, `SET log_comment = '${this.mark}'`);
    if (settings.size > 0 && (this.#fresh || readonly === 0)) prelude.push(set(settings));
    // Last: no setting can be changed behind it.
    if (this.#fresh && readonly > 0) prelude.push(`SET readonly = ${readonly}`);
    if (parameters.size > 0) prelude.push(set(parameters, 'param_'));
    this.#fresh = false;
    return prelude;
  }
}

function set(values: ReadonlyMap<string, string>, prefix = ''): string {
  const changes = [...values].map(([name, value]) => `${prefix}${name} = ${sqlString(value)}`);
  return `SET ${changes.join(', ')}`;
}
