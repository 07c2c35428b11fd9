import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteLongIntegers } from './long-integers.ts';

test('long integers are put in quotes, other numbers and strings are not', () => {
  const long = '1544712660000000001';
  expect(quoteLongIntegers(`{"a":${long},"b":[ -${long},${long}]}`)).toBe(
    `{"a":"${long}","b":[ "-${long}","${long}"]}`,
  );
  for (const text of [
    '[123456789012345]',
    `[0.${long},1${long}e5,${long}.5]`,
    `[0${long}]`,
    `{"${long}":":${long},"}`,
    `["\\"[${long}]","\\\\"]`,
    `"never ends [${long}`,
  ]) {
    expect(quoteLongIntegers(text)).toBe(text);
  }
  expect(quoteLongIntegers(`["\\\\",${long}]`)).toBe(`["\\\\","${long}"]`);
});

test('JSON without long integers stays the same, whatever is in its strings', () => {
  const digits = fc.bigInt({ min: 10n ** 15n, max: 10n ** 30n }).map(String);
  const strings = fc.tuple(fc.string(), digits, fc.string()).map((parts) => parts.join(''));
  const value = fc.oneof(
    strings,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e14, min: -1e14 }),
  );
  fc.assert(
    fc.property(fc.dictionary(strings, fc.array(value)), (object) => {
      const text = JSON.stringify(object);
      expect(quoteLongIntegers(text)).toBe(text);
    }),
  );
});

test('every long integer is kept exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt()), fc.string(), (integers, between) => {
      const text = `[${integers.map((n) => `${n},${JSON.stringify(between)}`).join(',')}]`;
      const parsed = JSON.parse(quoteLongIntegers(text)) as unknown[];
      const numbers = parsed.filter((_, index) => index % 2 === 0).map((n) => BigInt(n as string));
      expect(numbers).toEqual(integers);
    }),
  );
});
