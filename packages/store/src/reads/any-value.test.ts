import { expect, test } from 'vitest';
import { encodeLength } from '../journal/record.ts';
import { encodeValue, type OtlpValue } from '../testing/otlp.ts';
import { parseAttributeValue } from './any-value.ts';

/**
 * The bytes of the inner message, as the engine keeps them: without the tag and length around them.
 */
function kept(value: OtlpValue): { kvlist: string } | { array: string } {
  const message = Buffer.from(encodeValue(value));
  let start = 1;
  while ((message[start] ?? 0) >= 0x80) start += 1;
  const inner = message.subarray(start + 1).toString('base64');
  return value.kvlist_value ? { kvlist: inner } : { array: inner };
}

const mixed: OtlpValue = {
  kvlist_value: {
    values: [
      { key: 'text', value: { string_value: 'é' } },
      { key: 'flag', value: { bool_value: true } },
      { key: 'small', value: { int_value: '-3' } },
      { key: 'large', value: { int_value: '9007199254740993' } },
      { key: 'ratio', value: { double_value: 0.25 } },
      { key: 'none', value: {} },
      { key: 'bytes', value: { bytes_value: Uint8Array.of(1, 2) } },
      {
        key: 'list',
        value: { array_value: { values: [{ int_value: '1' }, { string_value: 'x' }] } },
      },
    ],
  },
};

test('a map becomes JSON text, with exact integers', () => {
  expect(JSON.parse(parseAttributeValue(kept(mixed)) as string)).toEqual({
    text: 'é',
    flag: true,
    small: -3,
    large: '9007199254740993',
    ratio: 0.25,
    none: '',
    bytes: 'AQI=',
    list: [1, 'x'],
  });
});

test('scalars in an array stay, arrays in an array become JSON text', () => {
  const inner: OtlpValue = { array_value: { values: [{ bool_value: false }] } };
  expect(parseAttributeValue(['a', 2, kept(inner)])).toEqual(['a', 2, '[false]']);
});

test('nesting without end does not exhaust the stack', () => {
  let message = Buffer.alloc(0);
  for (let depth = 0; depth < 10_000; depth += 1) {
    const value = Buffer.concat([Buffer.of(42), encodeLength(message.length), message]);
    message = Buffer.concat([Buffer.of(10), encodeLength(value.length), value]);
  }
  const value = parseAttributeValue({ array: message.toString('base64') });
  expect(value).toEqual([expect.stringMatching(/^\[{32}"[\w+/=]+"\]{32}$/)]);
});

test('a value that is not encoded as its type asks is shown as its bytes', () => {
  const intAsBytes = Buffer.of(10, 3, 26, 1, 7);
  expect(parseAttributeValue({ array: intAsBytes.toString('base64') })).toEqual(['Bw==']);
});

test('a message that breaks off gives what came before', () => {
  const value = parseAttributeValue({
    array: Buffer.of(10, 3, 10, 1, 97, 10, 9).toString('base64'),
  });
  expect(value).toEqual(['a']);
});
