import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttributeRedactor } from './attribute-redactor.ts';

const redactor = new AttributeRedactor();

test.each([
  ['JSON', '{"apiKey":"abc","qty":"1"}', '{"apiKey":"[redacted]","qty":"1"}'],
  ['a number', '{"secret": 12, "a": 1}', '{"secret": [redacted], "a": 1}'],
  ['a query', 'symbol=BTC&signature=ab%2Fc&x=1', 'symbol=BTC&signature=[redacted]&x=1'],
  ['a header', 'X-MBX-APIKEY: abc\nHost: x', 'X-MBX-APIKEY: [redacted]\nHost: x'],
  ['a scheme', 'Authorization: Bearer abc.def', 'Authorization: [redacted]'],
  [
    'a header of parts',
    'Cookie: a=1; b=2\nAuthorization: Digest username="u", response="r"\nHost: x',
    'Cookie: [redacted]\nAuthorization: [redacted]\nHost: x',
  ],
  ['single quotes', "password = 'a b c' next", "password = '[redacted]' next"],
  ['escaped quotes', '{"token":"a\\"b","n":1}', '{"token":"[redacted]","n":1}'],
  ['a backslash at the end', '{"token":"a\\\\","n":1}', '{"token":"[redacted]","n":1}'],
  ['cut off text', '{"token":"cut off in the mid', '{"token":"[redacted]'],
  ['an object', '{"id":1,"secret":{"a":["b"]},"c":2}', '{"id":1,"secret":[redacted]'],
  ['a log line', 'refused: apiKey=abc', 'refused: apiKey=[redacted]'],
  ['twice', 'token=token=abc', 'token=[redacted]'],
  ['two words', 'Invalid API key: abc, try again', 'Invalid API key: [redacted], try again'],
  ['an arrow', '{"secret"=>"abc", :n=>1}', '{"secret"=>"[redacted]", :n=>1}'],
  ['a comparison', 'token == abc', 'token == [redacted]'],
  ['an address', 'wss://h/ws?listenKey=abc', 'wss://h/ws?listenKey=[redacted]'],
  [
    'an encoded address',
    'q=%7B%22apiKey%22%3A%22abc%22%7D&n=1',
    'q=%7B%22apiKey%22%3A[redacted]&n=1',
  ],
  ['a FIX logon', '8=FIX.4.4|35=A|554=a b;c|98=0|', '8=FIX.4.4|35=A|554=[redacted]|98=0|'],
  ['SOH', '35=A\u0001554=abc\u000198=0', '35=A\u0001554=[redacted]\u000198=0'],
  ['nothing sensitive', 'price: 1, quantity: 2', 'price: 1, quantity: 2'],
  ['no value', 'token=&n=1', 'token=&n=1'],
  ['what was hidden already', 'token=[redacted]&n=1', 'token=[redacted]&n=1'],
])('in text only the sensitive values are hidden: %s', (_, text, expected) => {
  expect(redactor.text(text)).toBe(expected);
});

test('a value is found however often its JSON was quoted again, and what follows it stays', () => {
  const value = fc.string({ unit: fc.constantFrom('a', '"', '\\', ' ', '{', ':', ',', "'") });
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: 3 }), (inner, times) => {
      const before = quoted({ n: 1, apiKey: `${inner}hunter2${inner}`, after: 'shown' }, times);
      const expected = quoted({ n: 1, apiKey: '[redacted]', after: 'shown' }, times);
      expect(redactor.text(before)).toBe(expected);
    }),
    { numRuns: 1_000 },
  );
});

function quoted(value: unknown, times: number): string {
  let text = JSON.stringify(value);
  for (let time = 0; time < times; time += 1) text = JSON.stringify(text);
  return text;
}

test.each([
  ['letters', 'a'],
  ['spaces', ' '],
  ['backslashes', '\\'],
  ['quotes', '"\''],
  ['separators', ':='],
  ['keys', 'token='],
  ['open values', 'token="\\'],
  ['open values of other depths', "token=\\'token='[redacted]"],
  ['hidden lines', 'authorization: [redacted] '],
  ['addresses', '://a:'],
  ['beginnings of tokens', 'eyJeyJeyJ'],
  ['parts of tokens', 'eyJaaaaaaaa.'],
  ['beginnings of keys', '-----BEGIN PRIVATE KEY '],
  ['whole beginnings of keys', '-----BEGIN PRIVATE KEY-----'],
  ['schemes', 'Bearer Basic '],
  ['base64', 'aB3/'],
  ['long words', `${'a1'.repeat(31)}a `],
  ['encoded signs', '%2F%3A'],
  ['FIX fields', '|554='],
])('long text that looks like %s is read in linear time', (_, unit) => {
  /** What it takes of the processor, in milliseconds. */
  const read = (chars: number): number => {
    const text = unit.repeat(chars / unit.length);
    const before = process.cpuUsage();
    redactor.text(text);
    return process.cpuUsage(before).user / 1_000;
  };
  read(20_000);
  // Quadratic time would be 100 times as long, and some seconds.
  expect(read(200_000)).toBeLessThan(2_000);
});
