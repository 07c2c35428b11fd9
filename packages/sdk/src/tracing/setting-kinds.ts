/**
 * How the values of one kind of setting are read, as text from a variable and as a value from an
 * option. `undefined`, or a throw: the value is not usable.
 */
export interface SettingKind<T> {
  /** Ends "... is not", for the log. */
  readonly expected: string;
  fromText(text: string): T | UsablePart<T> | undefined;
  fromOption(value: unknown): T | UsablePart<T> | undefined;
}

/** What can be used of a list that is not usable as a whole. */
export class UsablePart<T> {
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }
}

/** What timers take at most. */
const INTEGER_MAX = 2 ** 31 - 1;
const NAME_CHARS_MAX = 1_024;

export const BOOLEAN: SettingKind<boolean> = {
  expected: 'true or false',
  fromText: () => undefined,
  fromOption: (value) => (typeof value === 'boolean' ? value : undefined),
};

export const NAME: SettingKind<string> = {
  expected: `text of 1 to ${NAME_CHARS_MAX} characters`,
  fromText: nameOf,
  fromOption: nameOf,
};

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > NAME_CHARS_MAX) return undefined;
  return value.trim() === '' ? undefined : value;
}

/** A whole number. */
export function integer(min: number, max = INTEGER_MAX): SettingKind<number> {
  const fromOption = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : undefined;
  return {
    expected: `a whole number from ${min} to ${max}`,
    fromText: (text) => (/^[+-]?\d+$/.test(text) ? fromOption(Number(text)) : undefined),
    fromOption,
  };
}

/** A limit; an option may be `Infinity`. */
export function limit(min: number): SettingKind<number> {
  const { fromOption, ...kind } = integer(min);
  return {
    ...kind,
    fromOption: (value) => (value === Number.POSITIVE_INFINITY ? value : fromOption(value)),
  };
}

/** A share. */
export const RATIO: SettingKind<number> = {
  expected: 'a number from 0 to 1',
  fromText: (text) =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? ratioOf(Number(text)) : undefined,
  fromOption: ratioOf,
};

function ratioOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
}

/** One of several words, in any case. */
export function oneOf<const T extends string>(words: readonly T[]): SettingKind<T> {
  return {
    expected: words.length === 1 ? String(words[0]) : `one of ${words.join(', ')}`,
    fromText: (text) => words.find((word) => word === text.toLowerCase()),
    fromOption: (value) => words.find((word) => word === value),
  };
}

/** A value that no variable has. */
export function optionOnly<T>(expected: string, is: (value: unknown) => boolean): SettingKind<T> {
  return {
    expected,
    fromText: () => undefined,
    fromOption: (value) => (is(value) ? (value as T) : undefined),
  };
}

export function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An HTTP address, with the path appended. */
export function httpUrl(path: string): SettingKind<string> {
  const parse = (text: string): string | undefined => {
    const url = URL.parse(text);
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined;
    if (path !== '') url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
    return url.href;
  };
  return {
    expected: 'an http or https address',
    fromText: parse,
    fromOption: (value) => (typeof value === 'string' ? parse(value) : undefined),
  };
}
