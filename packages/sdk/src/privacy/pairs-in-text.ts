export const REDACTED = '[redacted]';

/** Between a key and its value in JSON, query strings, headers, log lines and encoded addresses. */
const SEPARATOR = '(?:[:=]{1,2}>?|%3[ad])';
/** A name, of two words where people write it so; or a FIX tag. */
const KEY =
  '(?:api|access|private|secret|signing) keys?|[a-z_][\\w.-]{0,63}|(?<![\\w.-])[1-9]\\d{1,4}';
/**
 * A separator, and the key before it, quoted or not, escaped or not. The key is looked for backwards
 * from the separator and has a bound, so that long text without any is read once.
 */
const PAIR = new RegExp(
  `${SEPARATOR}(?<=(${KEY})(?:\\\\{0,7}["']|%22)?\\s{0,4}${SEPARATOR})\\s{0,4}`,
  'gi',
);
const MARK = /[:=]|%3/;
/** A quote that opens a value; within text that is quoted itself, with backslashes before it. */
const OPENING_QUOTE = /\\{0,7}["']/y;
/** An object or a list: where it ends is not looked for, all the rest is hidden. */
const OPENING_BRACKET = /\\?[{[]/y;
const WORD = /(?:(?:bearer|basic|digest|token) +)?[^\s\p{Cc},;&"'{}[\]]+/iuy;
/** Headers whose values have parts: the value is the rest of the line. */
const LINE_KEY = /(?:authorization|cookie)$/i;
const LINE = /[^\r\n]+/y;
/** A FIX field ends with SOH, which logs show as a bar or as `^A`. */
const FIX_TAG = /^\d/;
const FIX_VALUE = /[^\p{Cc}|^]+/uy;

/** A stretch of a text, from the first character to before the last. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Hides the values of sensitive keys within text of any form, at any depth of quoting. */
export function hidePairs(text: string, isSensitive: (key: string) => boolean): string {
  if (!MARK.test(text)) return text;
  let hidden = '';
  let shownTo = 0;
  PAIR.lastIndex = 0;
  for (let match = PAIR.exec(text); match; match = PAIR.exec(text)) {
    const key = match[1] ?? '';
    if (!isSensitive(key)) continue;
    const value = valueAt(text, match.index + match[0].length, key);
    if (!value) continue;
    hidden += `${text.slice(shownTo, value.from)}${REDACTED}`;
    shownTo = value.to;
    PAIR.lastIndex = shownTo;
  }
  return shownTo === 0 ? text : hidden + text.slice(shownTo);
}

/** @returns `undefined` when there is none, or none any more: its brackets are not those of a list */
function valueAt(text: string, at: number, key: string): Stretch | undefined {
  const quote = stretchOf(OPENING_QUOTE, text, at);
  if (text.startsWith(REDACTED, quote?.to ?? at)) return undefined;
  if (quote) return { from: quote.to, to: closingQuote(text, quote) };
  if (LINE_KEY.test(key)) return stretchOf(LINE, text, at);
  if (FIX_TAG.test(key)) return stretchOf(FIX_VALUE, text, at);
  if (stretchOf(OPENING_BRACKET, text, at)) return { from: at, to: text.length };
  return stretchOf(WORD, text, at);
}

function stretchOf(pattern: RegExp, text: string, at: number): Stretch | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? { from: at, to: pattern.lastIndex } : undefined;
}

/**
 * Where the quoted text ends: before the quote that closes it, with its backslashes. Quoting text
 * once more turns every backslash into two and puts one before the quote: closed by `d` backslashes
 * and a quote, it holds quotes with other numbers of them, such as 2d + 1.
 */
function closingQuote(text: string, opening: Stretch): number {
  const quote = text[opening.to - 1] ?? '';
  const depth = opening.to - opening.from - 1;
  for (let at = text.indexOf(quote, opening.to); at >= 0; at = text.indexOf(quote, at + 1)) {
    let from = at;
    while (from > opening.to && text[from - 1] === '\\') from -= 1;
    if ((at - from) % (2 * (depth + 1)) === depth) return at - depth;
  }
  return text.length;
}
