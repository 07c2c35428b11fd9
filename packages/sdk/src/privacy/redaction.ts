import { AttributeRedactor } from './attribute-redactor.ts';
import { REDACTED } from './pairs-in-text.ts';

const DEPTH_MAX = 16;

const defaultRedactor = new AttributeRedactor();

/**
 * A copy of JSON-like data in which the value of every sensitive key, at any depth, is
 * `[redacted]`. What JSON cannot carry is shown as text; what nests deeper than 16 levels is cut
 * off.
 */
export function redact(value: unknown, redactor: AttributeRedactor = defaultRedactor): unknown {
  return redactAt(value, redactor, 0);
}

function redactAt(value: unknown, redactor: AttributeRedactor, depth: number): unknown {
  if (typeof value === 'string') return redactor.text(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[…]';
  if (Array.isArray(value)) return value.map((item) => redactAt(item, redactor, depth + 1));
  if (value instanceof Date || value instanceof Error) return redactor.text(String(value));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      redactor.keyIsSensitive(key) ? REDACTED : redactAt(item, redactor, depth + 1),
    ]),
  );
}

/**
 * Hides the values of sensitive keys, and what looks like a secret, within text of any form.
 */
export function redactText(text: string, redactor: AttributeRedactor = defaultRedactor): string {
  return redactor.text(text);
}

/** The first characters of a text, at most `charsMax` of them; a cut is shown by an ellipsis. */
export function capText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, Math.max(charsMax - 1, 0));
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}

/** Any value as attribute text: redacted, as JSON unless it is text, capped. For raw data. */
export function redactedText(
  value: unknown,
  charsMax: number,
  redactor: AttributeRedactor = defaultRedactor,
): string {
  if (typeof value === 'string') return capText(redactor.text(value), charsMax);
  let json: string | undefined;
  try {
    json = JSON.stringify(redact(value, redactor));
  } catch {
    json = undefined;
  }
  return capText(json ?? String(typeof value), charsMax);
}
