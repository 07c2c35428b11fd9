/** Integers that a double may round; as JSON writes them, without leading zeros. */
const LONG_INTEGER = /^-?[1-9]\d{15,}$/;
/** Numbers and words, whole: digits behind a point are no integer. */
const TOKEN = /[-+.\w]{16,}/g;

/**
 * Puts every long integer of a JSON text in quotes: `JSON.parse` would round it, but OTLP/JSON reads a
 * decimal string as the same number. (A reviver that sees the text of each number takes many times
 * the memory.) What is in strings stays as it is, also in a text that is not JSON.
 */
export function quoteLongIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  const pieces: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const gapEnd = quote < 0 ? text.length : quote;
    if (gapEnd - at >= 16) {
      const gap = text.slice(at, gapEnd);
      pieces.push(text.slice(copied, at), gap.replace(TOKEN, quoteIfLong));
      copied = gapEnd;
    }
    at = stringEnd(text, gapEnd);
  }
  pieces.push(text.slice(copied));
  return pieces.join('');
}

function quoteIfLong(token: string): string {
  return LONG_INTEGER.test(token) ? `"${token}"` : token;
}

/** Behind the string that starts here; the end of the text when it does not end. */
function stringEnd(text: string, start: number): number {
  let quote = start;
  do {
    quote = text.indexOf('"', quote + 1);
    if (quote < 0) return text.length;
  } while (isEscaped(text, quote));
  return quote + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - backslashes - 1] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}
