/** What a user was told, with its number. */
export interface Entry<Message> {
  /** From 1, without gaps within the user. */
  readonly sequence: number;
  readonly message: Message;
}

export interface JournalLimits {
  /** Messages kept of one user. */
  readonly userMessagesMax: number;
  /** Messages kept of all users: beyond, those of the user who was silent longest go. */
  readonly messagesMax: number;
  /** How long a message is kept. */
  readonly messageAgeMsMax: number;
  /** Users whose numbering goes on; one who was silent longer begins again at 1. */
  readonly usersMax: number;
}

/** A part of what a user was told. */
export interface Replay<Message> {
  readonly entries: readonly Entry<Message>[];
  /** Where the replay begins: later than was asked for when that is gone. */
  readonly fromSequence: number;
  /** The number that the user's next message will have. */
  readonly nextSequence: number;
  /** What was asked for is not kept any more, or is of another numbering. */
  readonly hasGap: boolean;
}

interface Kept<Message> extends Entry<Message> {
  readonly atMs: number;
}

interface Journal<Message> {
  nextSequence: number;
  kept: Kept<Message>[];
}

/** Numbers the messages to each user and keeps the latest of them, bounded by count and age. */
export class UserJournals<Message> {
  readonly #limits: JournalLimits;
  readonly #now: () => number;
  /** Who was silent longest comes first. */
  readonly #journals = new Map<string, Journal<Message>>();
  #messages = 0;

  /** @param now milliseconds since the Unix epoch */
  constructor(limits: JournalLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get messages(): number {
    return this.#messages;
  }

  append(userId: string, message: Message): Entry<Message> {
    const journal = this.#journals.get(userId) ?? { nextSequence: 1, kept: [] };
    const entry = { sequence: journal.nextSequence, message, atMs: this.#now() };
    journal.nextSequence += 1;
    journal.kept.push(entry);
    this.#messages += 1;
    this.#journals.delete(userId);
    this.#journals.set(userId, journal);
    this.#forgetOld(journal);
    this.#forgetSilent();
    return entry;
  }

  /** What the user was told from this number on, as far as it is kept. */
  since(userId: string, sequence: number): Replay<Message> {
    const journal = this.#journals.get(userId) ?? { nextSequence: 1, kept: [] };
    this.#forgetOld(journal);
    const { kept, nextSequence } = journal;
    const firstSequence = kept[0]?.sequence ?? nextSequence;
    const hasGap = sequence < firstSequence || sequence > nextSequence;
    const fromSequence = hasGap ? firstSequence : sequence;
    const entries = kept.filter((entry) => entry.sequence >= fromSequence);
    return { entries, fromSequence, nextSequence, hasGap };
  }

  #forgetOld({ kept }: Journal<Message>): void {
    const { userMessagesMax, messageAgeMsMax } = this.#limits;
    const sinceMs = this.#now() - messageAgeMsMax;
    let old = Math.max(0, kept.length - userMessagesMax);
    while ((kept[old]?.atMs ?? sinceMs) < sinceMs) old += 1;
    kept.splice(0, old);
    this.#messages -= old;
  }

  #forgetSilent(): void {
    for (const [userId, journal] of this.#journals) {
      const isFull = this.#messages > this.#limits.messagesMax;
      const isCrowded = this.#journals.size > this.#limits.usersMax;
      if (!isFull && !isCrowded) return;
      this.#messages -= journal.kept.length;
      journal.kept = [];
      if (isCrowded) this.#journals.delete(userId);
    }
  }
}
