import type { TraceState } from '@opentelemetry/api';
import { trimOws } from './carrier.ts';

const MEMBERS_MAX = 32;
/** What every participant has to pass on; longer lists are shortened to it (section 3.3.1.5). */
const CHARS_MAX = 512;
/** Members longer than this go first when a list has to be shortened. */
const MEMBER_CHARS_MAX = 128;

const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

type Member = readonly [key: string, value: string];

/**
 * Vendors' positions in a trace (W3C Trace Context 2, section 3.3), most recent first. Immutable. A
 * list with any invalid member, or more than 32, is not usable and discarded whole.
 */
export class StrictTraceState implements TraceState {
  readonly #members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** @param headers the values of all `tracestate` headers, which form one list */
  static parse(headers: readonly string[]): StrictTraceState | undefined {
    const members = new Map<string, string>();
    for (const part of headers.join(',').split(',')) {
      const text = trimOws(part);
      if (text === '') continue;
      const equals = text.indexOf('=');
      const key = text.slice(0, Math.max(equals, 0));
      const value = text.slice(equals + 1);
      if (!KEY.test(key) || !VALUE.test(value)) return undefined;
      if (!members.has(key)) members.set(key, value);
      if (members.size > MEMBERS_MAX) return undefined;
    }
    return members.size === 0 ? undefined : new StrictTraceState([...members]);
  }

  get(key: string): string | undefined {
    return this.#members.find((member) => member[0] === key)?.[1];
  }

  /** A changed key moves to the front; a new one on a full list pushes the right-most out. */
  set(key: string, value: string): StrictTraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    const others = this.#members.filter((member) => member[0] !== key);
    return new StrictTraceState([[key, value], ...others.slice(0, MEMBERS_MAX - 1)]);
  }

  unset(key: string): StrictTraceState {
    return new StrictTraceState(this.#members.filter((member) => member[0] !== key));
  }

  serialize(): string {
    const texts = this.#members.map(([key, value]) => `${key}=${value}`);
    const whole = texts.join(',');
    return whole.length <= CHARS_MAX ? whole : shorten(texts);
  }
}

/** Drops whole members: the longest kind first, from the right, then any from the right. */
function shorten(members: readonly string[]): string {
  const kept = [...members];
  let chars = kept.join(',').length;
  for (let index = kept.length - 1; index >= 0 && chars > CHARS_MAX; index -= 1) {
    const member = kept[index] ?? '';
    if (member.length <= MEMBER_CHARS_MAX) continue;
    kept.splice(index, 1);
    chars -= member.length + 1;
  }
  while (chars > CHARS_MAX) chars -= (kept.pop() ?? '').length + 1;
  return kept.join(',');
}
