import { expect, test } from 'vitest';
import { attributesSchema } from './span.ts';

test('in JSON whatever a number cannot carry exactly is text', () => {
  const json = attributesSchema.encode({
    small: -5n,
    large: 2n ** 63n - 1n,
    ratio: 0.1,
    infinite: Number.NEGATIVE_INFINITY,
    bytes: Uint8Array.of(1, 2, 255),
    absent: null,
    list: ['a', 9007199254740993n, true, { inner: 1n }],
    map: { a: 'b', list: [1n, 2.5] },
  });
  expect(json).toEqual({
    small: -5,
    large: '9223372036854775807',
    ratio: 0.1,
    infinite: '-Infinity',
    bytes: 'AQL/',
    absent: '',
    list: ['a', '9007199254740993', true, '{"inner":1}'],
    map: '{"a":"b","list":[1,2.5]}',
  });
  expect(attributesSchema.parse(JSON.parse(JSON.stringify(json)))).toEqual(json);
});

test('an attribute may have any name', () => {
  const attributes = JSON.parse('{"__proto__":"x","constructor":"y"}');
  expect(Object.entries(attributesSchema.encode(attributes))).toEqual(Object.entries(attributes));
  expect(Object.entries(attributesSchema.parse(attributes))).toEqual(Object.entries(attributes));
});

test.each([[{ a: null }], [{ a: [[1]] }], [{ a: {} }], [[1]], ['x']])('%j is refused', (json) => {
  expect(attributesSchema.safeParse(json).success).toBe(false);
});
