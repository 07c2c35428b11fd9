import type { Account, ClientOrder } from '../venue/account.ts';
import type { Venue } from '../venue/venue.ts';
import * as messages from './account-messages.ts';

export interface UserDataSubscriber {
  /** @param event the event's JSON */
  deliver(event: string): void;
}

export interface UserDataStats {
  /** Reports handed to at least one subscriber. */
  reports: number;
  /** Reports of accounts that nobody was subscribed to. */
  reportsUnheard: number;
}

/**
 * Sends every account's execution reports to its subscribers, and after them the balances they
 * changed. Events leave only after the running request was answered, so that a client usually knows
 * an order before it hears about it; as on Binance, it must not rely on that.
 */
export class UserDataStreams {
  readonly stats: UserDataStats = { reports: 0, reportsUnheard: 0 };
  readonly #venue: Venue;
  readonly #subscribers = new Map<Account, Set<UserDataSubscriber>>();
  /** What the running request caused so far; emptied when it ends. */
  #waiting: { account: Account; event: string }[] = [];
  readonly #touched = new Map<string, ClientOrder>();

  constructor(venue: Venue) {
    this.#venue = venue;
    venue.onReport((report) => {
      const { account, instrument } = report.order;
      if (this.#heard(account)) {
        const event = JSON.stringify(messages.executionReport(report, venue.now()));
        if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
        this.#waiting.push({ account, event });
        this.#touched.set(`${account.apiKey} ${instrument.symbol}`, report.order);
      }
    });
  }

  subscribe(account: Account, subscriber: UserDataSubscriber): void {
    const subscribers = this.#subscribers.get(account);
    if (subscribers) subscribers.add(subscriber);
    else this.#subscribers.set(account, new Set([subscriber]));
  }

  unsubscribe(account: Account, subscriber: UserDataSubscriber): void {
    this.#subscribers.get(account)?.delete(subscriber);
  }

  #heard(account: Account): boolean {
    const isHeard = (this.#subscribers.get(account)?.size ?? 0) > 0;
    if (isHeard) this.stats.reports += 1;
    else this.stats.reportsUnheard += 1;
    return isHeard;
  }

  #flush(): void {
    const events = this.#waiting;
    this.#waiting = [];
    const nowMs = this.#venue.now();
    for (const order of this.#touched.values()) {
      const event = JSON.stringify(messages.accountPosition(order, nowMs));
      events.push({ account: order.account, event });
    }
    this.#touched.clear();
    for (const { account, event } of events) {
      for (const subscriber of this.#subscribers.get(account) ?? []) subscriber.deliver(event);
    }
  }
}
