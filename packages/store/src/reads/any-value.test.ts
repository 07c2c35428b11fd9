import { expect, test } from 'vitest';
import { encodeLength } from '../journal/record.ts';
import { encodeValue, type OtlpValue } from '../testing/otlp.ts';
import { decodeKeyValue, decodeOther } from './any-value.ts';

/** What `attributes_other` holds: the letter, and the value without the tag and length around it. */
function kept(letter: string, value: OtlpValue): Buffer {
  const message = Buffer.from(encodeValue(value));
  let start = 1;
  while ((message[start] ?? 0) >= 0x80) start += 1;
  return Buffer.concat([Buffer.from(letter), message.subarray(start + 1)]);
}

test('a map keeps the type of every value', () => {
  const values = [
    { key: 'text', value: { string_value: 'é' } },
    { key: 'flag', value: { bool_value: true } },
    { key: 'small', value: { int_value: '-3' } },
    { key: 'large', value: { int_value: '9007199254740993' } },
    { key: 'whole', value: { double_value: 1 } },
    { key: 'none', value: {} },
    { key: 'bytes', value: { bytes_value: Uint8Array.of(1, 2) } },
    {
      key: 'list',
      value: { array_value: { values: [{ int_value: '1' }, { string_value: 'x' }] } },
    },
  ];
  expect(decodeOther(kept('k', { kvlist_value: { values } }))).toEqual({
    text: 'é',
    flag: true,
    small: -3n,
    large: 9007199254740993n,
    whole: 1,
    none: null,
    bytes: Uint8Array.of(1, 2),
    list: [1n, 'x'],
  });
});

test('bytes and an absent value are told apart', () => {
  expect(decodeOther(Buffer.from('b'))).toEqual(new Uint8Array());
  expect(decodeOther(Buffer.from('n'))).toBeNull();
});

test('a key without a value has an absent one', () => {
  expect(decodeKeyValue(Buffer.of(10, 1, 97))).toEqual(['a', null]);
  expect(decodeKeyValue(Buffer.of(10, 1, 97, 18, 0))).toEqual(['a', null]);
});

test('nesting without end does not exhaust the stack', () => {
  let message = Buffer.alloc(0);
  for (let depth = 0; depth < 10_000; depth += 1) {
    const value = Buffer.concat([Buffer.of(42), encodeLength(message.length), message]);
    message = Buffer.concat([Buffer.of(10), encodeLength(value.length), value]);
  }
  let value = decodeOther(Buffer.concat([Buffer.from('a'), message]));
  let depth = 0;
  while (Array.isArray(value)) {
    value = value[0];
    depth += 1;
  }
  expect(depth).toBe(32);
  expect(value).toBeInstanceOf(Uint8Array);
});

test('a value that is not encoded as its type asks is given as its bytes', () => {
  expect(decodeOther(Buffer.of(0x61, 10, 3, 26, 1, 7))).toEqual([Uint8Array.of(7)]);
});

test('a message that breaks off gives what came before', () => {
  expect(decodeOther(Buffer.of(0x61, 10, 3, 10, 1, 97, 10, 9))).toEqual(['a']);
});
