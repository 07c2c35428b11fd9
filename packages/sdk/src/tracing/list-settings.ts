import type { Attributes } from '@opentelemetry/api';
import { isObject, type SettingKind, UsablePart } from './setting-kinds.ts';

/** A token of RFC 9110, section 5.6.2: a header's name. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
const ATTRIBUTES_MAX = 128;
const ATTRIBUTE_KEY_CHARS_MAX = 256;
const ATTRIBUTE_VALUE_CHARS_MAX = 1_024;

/** Several words, separated by commas, in any case. Those that are known can be used. */
export function wordsOf<const T extends string>(words: readonly T[]): SettingKind<readonly T[]> {
  const pick = (items: readonly unknown[]) => {
    const known = words.filter((word) => items.includes(word));
    if (items.every((item) => words.some((word) => word === item))) return known;
    return known.length > 0 ? new UsablePart(known) : undefined;
  };
  return {
    expected: `a list of ${words.join(', ')}`,
    fromText: (text) => {
      const items = text.split(',').map((item) => item.trim().toLowerCase());
      return pick(items.filter((item) => item !== ''));
    },
    fromOption: (value) => (Array.isArray(value) ? pick(value) : undefined),
  };
}

/** HTTP headers: `key=value,key=value`, percent-encoded. Those that are right can be used. */
export const HEADERS: SettingKind<Readonly<Record<string, string>>> = {
  expected: 'a list of key=value pairs that HTTP headers can hold',
  fromText: (text) =>
    headersOf(pairsOf(text).map((pair) => pair && [pair[0], decodedOrPlain(pair[1])])),
  fromOption: (value) => (isObject(value) ? headersOf(Object.entries(value)) : undefined),
};

type Pair = readonly [key: string, value: string];

function headersOf(
  pairs: readonly (readonly [string, unknown] | undefined)[],
): Record<string, string> | UsablePart<Record<string, string>> {
  const usable = pairs.filter((pair) => pair !== undefined && isHeader(pair)) as Pair[];
  const headers = Object.fromEntries(usable);
  return usable.length === pairs.length ? headers : new UsablePart(headers);
}

function isHeader([key, value]: readonly [string, unknown]): boolean {
  return TOKEN.test(key) && typeof value === 'string' && HEADER_VALUE.test(value);
}

/** Tokens are often given without encoding: a percent sign that begins no escape is meant as it is. */
function decodedOrPlain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Attributes of the resource: `key=value,key=value`, percent-encoded; an error spoils the list. */
export const RESOURCE_ATTRIBUTES: SettingKind<Readonly<Attributes>> = {
  expected: `a list of at most ${ATTRIBUTES_MAX} key=value pairs, percent-encoded and short`,
  fromText: (text) => {
    const pairs = pairsOf(text).filter((pair) => pair !== undefined);
    if (pairs.length < pairsOf(text).length) return undefined;
    return attributesOf(pairs.map(([key, value]) => [key, decodeURIComponent(value)]));
  },
  fromOption: (value) => (isObject(value) ? attributesOf(Object.entries(value)) : undefined),
};

function attributesOf(entries: readonly (readonly [string, unknown])[]): Attributes | undefined {
  const isUsable = entries.length <= ATTRIBUTES_MAX && entries.every(isAttribute);
  return isUsable ? (Object.fromEntries(entries) as Attributes) : undefined;
}

function isAttribute([key, value]: readonly [string, unknown]): boolean {
  if (key === '' || key.length > ATTRIBUTE_KEY_CHARS_MAX) return false;
  if (typeof value === 'string') return value.length <= ATTRIBUTE_VALUE_CHARS_MAX;
  return typeof value === 'number' || typeof value === 'boolean';
}

/** The members of a list; `undefined` in place of one that is not `key=value`. */
function pairsOf(text: string): (Pair | undefined)[] {
  return text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const key = decodedOrPlain(pair.slice(0, Math.max(equals, 0)).trim());
      return key === '' ? undefined : [key, pair.slice(equals + 1).trim()];
    });
}
