import { randomBytes } from 'node:crypto';
import { OrderRefusal } from '../domain/reason.ts';
import type { ClientSession } from './client-session.ts';
import type { UserMessage } from './messages.ts';
import type { ResumeRequest } from './requests.ts';
import { type Entry, type JournalLimits, UserJournals } from './user-journals.ts';

/** A message to a user, with the trace in which its order began. */
export interface Notice {
  readonly message: UserMessage;
  readonly traceId: string | undefined;
}

/** Users that one connection may act for. */
const SESSION_USERS_MAX = 10_000;

/**
 * Tells users what becomes of their orders: in order, numbered, on every connection that acts for
 * the user; and again, from any number on, to a connection that resumes.
 */
export class Notifier {
  /** Names the numbering: that of an earlier process was another. */
  readonly sessionId = randomBytes(8).toString('hex');
  readonly #journals: UserJournals<Notice>;
  readonly #sessions = new Map<string, Set<ClientSession>>();

  /** @param now milliseconds since the Unix epoch */
  constructor(limits: JournalLimits, now: () => number) {
    this.#journals = new UserJournals(limits, now);
  }

  /** Messages that a user may ask for again. */
  get messagesKept(): number {
    return this.#journals.messages;
  }

  /**
   * From now on this connection acts for the user.
   *
   * @throws OrderRefusal when it acts for too many
   */
  attach(session: ClientSession, userId: string): void {
    if (session.users.has(userId)) return;
    if (session.users.size >= SESSION_USERS_MAX) {
      const text = `this connection acts for ${SESSION_USERS_MAX} users: open another`;
      throw new OrderRefusal('overloaded', text);
    }
    session.users.add(userId);
    const sessions = this.#sessions.get(userId) ?? new Set();
    sessions.add(session);
    this.#sessions.set(userId, sessions);
  }

  detach(session: ClientSession): void {
    for (const userId of session.users) {
      const sessions = this.#sessions.get(userId);
      sessions?.delete(session);
      if (sessions?.size === 0) this.#sessions.delete(userId);
    }
    session.users.clear();
  }

  /** @returns the numbered message, and how many connections it is on its way to */
  publish(message: UserMessage, traceId: string | undefined) {
    const userId = message.user_id;
    const entry = this.#journals.append(userId, { message, traceId });
    let deliveries = 0;
    for (const session of this.#sessions.get(userId) ?? []) {
      if (deliver(session, entry)) deliveries += 1;
    }
    return { entry, deliveries };
  }

  /** Tells one connection again what its user was told. */
  repeat(session: ClientSession, entry: Entry<Notice>): void {
    deliver(session, entry);
  }

  /**
   * Attaches a connection and tells it all that its user was told from this number on.
   *
   * @returns whether a part of that is not kept any more
   * @throws OrderRefusal as {@link attach}
   */
  resume(session: ClientSession, request: ResumeRequest): boolean {
    const { userId, fromSequence: sequence, sessionId = this.sessionId } = request;
    this.attach(session, userId);
    const isOurs = sessionId === this.sessionId;
    const replay = this.#journals.since(userId, isOurs ? sequence : 0);
    const { entries, fromSequence, nextSequence, hasGap } = replay;
    if (hasGap) {
      session.send({
        type: 'resume_gap',
        reason_code: isOurs && sequence <= nextSequence ? 'not_kept' : 'unknown_session',
        user_id: userId,
        from_sequence: sequence,
        first_sequence: fromSequence,
      });
    }
    for (const entry of entries) deliver(session, entry);
    const session_id = this.sessionId;
    session.send({ type: 'resumed', user_id: userId, next_sequence: nextSequence, session_id });
    return hasGap;
  }
}

function deliver(session: ClientSession, { sequence, message }: Entry<Notice>): boolean {
  const { traceId } = message;
  const isTraced = session.wantsTraceIds && traceId !== undefined;
  return session.send({
    ...message.message,
    sequence,
    ...(isTraced ? { trace_id: traceId } : {}),
  });
}
