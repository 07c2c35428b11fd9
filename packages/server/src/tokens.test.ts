import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Token } from './tokens.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The code with which the text is refused, or whether it is the token. */
function answer(token: Token, given: string, address = 'a'): boolean | string {
  try {
    return token.is(given, address);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function guess(token: Token, count: number, address = 'a'): (boolean | string)[] {
  return Array.from({ length: count }, (_, index) => answer(token, `guess ${index}`, address));
}

test('only the token itself is the token', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (expected, given) => {
      expect(new Token(expected).is(given, '')).toBe(given === expected);
    }),
  );
});

test('an address that guesses is not answered any more, until a second has passed', () => {
  const token = new Token('secret');
  const answers = guess(token, 30);
  expect(answers.filter((answer) => answer === false)).toHaveLength(20);
  expect(answers.slice(20)).toEqual(Array(10).fill('TL_OVERLOADED'));
  expect(answer(token, 'secret')).toBe('TL_OVERLOADED');
  expect(answer(token, 'secret', 'b')).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(answer(token, 'secret')).toBe(true);
});

test('an outdated token is no guess, however often it is sent', () => {
  const token = new Token('secret');
  for (let count = 0; count < 1_000; count++) expect(answer(token, 'outdated')).toBe(false);
  expect(answer(token, 'secret')).toBe(true);
});

test('more addresses than are counted do not shut anyone out', () => {
  const token = new Token('secret');
  for (let count = 0; count < 2_000; count++) answer(token, `guess ${count}`, `address ${count}`);
  expect(answer(token, 'secret', 'new')).toBe(true);
  expect(guess(token, 30, 'new')).not.toContain('TL_OVERLOADED');
});
