import type { Attributes } from '@opentelemetry/api';

/**
 * Which keys are sensitive. A key is compared in lower case without separators: `X-Api-Key` is
 * `xapikey`.
 */
export interface RedactionRules {
  /** A key that contains one of these is sensitive. Lower case, without separators. */
  readonly keyParts: readonly string[];
}

export const REDACTION_RULES: RedactionRules = {
  keyParts: [
    'password',
    'passwd',
    'passphrase',
    'secret',
    'token',
    'apikey',
    'authorization',
    'signature',
    'privatekey',
    'credential',
    'cookie',
    'listenkey',
  ],
};

export const REDACTED = '[redacted]';

const DEPTH_MAX = 16;
const KEYS_CACHED_MAX = 4096;

/**
 * Whether a key is sensitive; remembers its answers, since the same few keys come on every span.
 */
export class KeyRedactor {
  readonly #rules: RedactionRules;
  readonly #answers = new Map<string, boolean>();

  constructor(rules: RedactionRules = REDACTION_RULES) {
    this.#rules = rules;
  }

  isSensitive(key: string): boolean {
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const plain = key.toLowerCase().replace(/[^a-z0-9]/g, '');
    const answer = this.#rules.keyParts.some((part) => plain.includes(part));
    if (this.#answers.size < KEYS_CACHED_MAX) this.#answers.set(key, answer);
    return answer;
  }
}

const defaultRedactor = new KeyRedactor();

/**
 * A copy of JSON-like data in which the value of every sensitive key, at any depth, is
 * `[redacted]`. What JSON cannot carry is shown as text; what nests deeper than 16 levels is cut
 * off.
 */
export function redact(value: unknown, redactor: KeyRedactor = defaultRedactor): unknown {
  return redactAt(value, redactor, 0);
}

function redactAt(value: unknown, redactor: KeyRedactor, depth: number): unknown {
  if (typeof value === 'string') return redactText(value, redactor);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[…]';
  if (Array.isArray(value)) return value.map((item) => redactAt(item, redactor, depth + 1));
  if (value instanceof Date || value instanceof Error) return redactText(String(value), redactor);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      redactor.isSensitive(key) ? REDACTED : redactAt(item, redactor, depth + 1),
    ]),
  );
}

/** A key before a colon or an equals sign, as in JSON, query strings, headers and log lines. */
const KEY = /(["']?)([A-Za-z][\w.-]{1,63})\1\s{0,4}[:=]\s{0,4}/g;
/**
 * What follows it. Of an object or a list, where it ends is not looked for: the whole rest is
 * hidden.
 */
const VALUE = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[{[][\s\S]*|(?:Bearer |Basic )?[^\s,;&"'{}[\]]+/y;

/** Hides the values of sensitive keys within text of any form. */
export function redactText(text: string, redactor: KeyRedactor = defaultRedactor): string {
  let hidden = '';
  let shownTo = 0;
  for (const match of text.matchAll(KEY)) {
    const valueAt = match.index + match[0].length;
    if (match.index < shownTo || !redactor.isSensitive(match[2] ?? '')) continue;
    VALUE.lastIndex = valueAt;
    const value = VALUE.exec(text)?.[0];
    if (value === undefined) continue;
    const quote = /^["']/.exec(value)?.[0] ?? '';
    hidden += `${text.slice(shownTo, valueAt)}${quote}${REDACTED}${quote}`;
    shownTo = valueAt + value.length;
  }
  return hidden + text.slice(shownTo);
}

/**
 * Hides the values of sensitive attributes, in place: keys stay, so that one sees what was there.
 */
export function redactAttributes(attributes: Attributes, redactor: KeyRedactor): void {
  for (const key in attributes) {
    if (redactor.isSensitive(key)) attributes[key] = REDACTED;
  }
}

/** The first characters of a text, at most `charsMax` of them; a cut is shown by an ellipsis. */
export function capText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, Math.max(charsMax - 1, 0));
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}

/** Any value as attribute text: redacted, as JSON unless it is text, capped. For raw data. */
export function redactedText(value: unknown, charsMax: number): string {
  if (typeof value === 'string') return capText(redactText(value), charsMax);
  let json: string | undefined;
  try {
    json = JSON.stringify(redact(value));
  } catch {
    json = undefined;
  }
  return capText(json ?? String(typeof value), charsMax);
}
