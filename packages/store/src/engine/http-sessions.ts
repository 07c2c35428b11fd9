import { ClickHouseException } from './exceptions.ts';

const SESSIONS_MAX = 64;
const STATEMENTS_MAX = 64;

interface HttpSession {
  statements: readonly string[];
  endMs: number;
}

/**
 * What `SET` and `USE` said under a `session_id`. Every statement has its own connection to the
 * engine, where these come first.
 */
export class HttpSessions {
  readonly #sessions = new Map<string, HttpSession>();

  /** @throws ClickHouseException SESSION_NOT_FOUND when it has to be there */
  statements(id: string, timeoutMs: number, mustExist: boolean): readonly string[] {
    this.#forgetOld();
    const session = this.#sessions.get(id);
    if (!session && mustExist) {
      throw new ClickHouseException('SESSION_NOT_FOUND', `Session ${id} not found.`);
    }
    if (session) session.endMs = performance.now() + timeoutMs;
    return session?.statements ?? [];
  }

  /** Adds a statement that the engine has accepted. */
  remember(id: string, statement: string, timeoutMs: number): void {
    const statements = [...(this.#sessions.get(id)?.statements ?? []), statement];
    const full = this.#sessions.size >= SESSIONS_MAX && !this.#sessions.has(id);
    if (full || statements.length > STATEMENTS_MAX) {
      throw new ClickHouseException(
        'TOO_MANY_SIMULTANEOUS_QUERIES',
        `Too many sessions, or too much set in one: ${SESSIONS_MAX}, ${STATEMENTS_MAX}.`,
      );
    }
    this.#sessions.set(id, { statements, endMs: performance.now() + timeoutMs });
  }

  #forgetOld(): void {
    const nowMs = performance.now();
    for (const [id, { endMs }] of this.#sessions) if (endMs < nowMs) this.#sessions.delete(id);
  }
}
