import type { TraceState } from '@opentelemetry/api';
import { trimOws } from './carrier.ts';

const MEMBERS_MAX = 32;
/** What a full list of the longest members takes: more can only be white space, or not valid. */
const PARSED_CHARS_MAX = 16_447;
/**
 * Longer lists are shortened to this when they are sent (the specification asks for at least 512).
 * With as much baggage as there may be it fits into the 16 KiB of headers that an HTTP server
 * takes: what others put into a trace must not make our requests fail.
 */
const SENT_CHARS_MAX = 4_096;
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
  #text: string | undefined;

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** @param header the values of all `tracestate` headers, joined by commas */
  static parse(header: string): StrictTraceState | undefined {
    if (header.length > PARSED_CHARS_MAX) return undefined;
    const members = new Map<string, string>();
    let count = 0;
    for (const part of header.split(',')) {
      const text = trimOws(part);
      if (text === '') continue;
      const equals = text.indexOf('=');
      const key = text.slice(0, Math.max(equals, 0));
      const value = text.slice(equals + 1);
      if (!KEY.test(key) || !VALUE.test(value)) return undefined;
      count += 1;
      if (count > MEMBERS_MAX) return undefined;
      if (!members.has(key)) members.set(key, value);
    }
    return count === 0 ? undefined : new StrictTraceState([...members]);
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
    this.#text ??= shortened(this.#members.map(([key, value]) => `${key}=${value}`));
    return this.#text;
  }
}

/** Drops whole members: the longest kind first, from the right, then any from the right. */
function shortened(members: readonly string[]): string {
  const kept = [...members];
  let chars = kept.join(',').length;
  for (let index = kept.length - 1; index >= 0 && chars > SENT_CHARS_MAX; index -= 1) {
    const member = kept[index] ?? '';
    if (member.length <= MEMBER_CHARS_MAX) continue;
    kept.splice(index, 1);
    chars -= member.length + 1;
  }
  while (chars > SENT_CHARS_MAX) chars -= (kept.pop() ?? '').length + 1;
  return kept.join(',');
}
