import { propagation } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBaggage, parseBaggage } from './baggage.ts';

const any = () => true;
const parsed = (...headers: string[]) =>
  Object.fromEntries(
    (parseBaggage(headers, any)?.getAllEntries() ?? []).map(([key, entry]) => [key, entry.value]),
  );

test.each([
  ['one member', 'SomeKey=SomeValue', { SomeKey: 'SomeValue' }],
  ['several members', 'a=1,b=2,c=3', { a: '1', b: '2', c: '3' }],
  ['white space around everything', 'a \t = \t 1 ,\tb=2 ', { a: '1', b: '2' }],
  ['an equals sign in the value', 'a=1=2', { a: '1=2' }],
  ['an empty value', 'a=', { a: '' }],
  ['percent-encoding', 'a=%09%20%22%27%3B%3Dasdf%21%40%23%24%25', { a: '\t "\';=asdf!@#$%' }],
  ['UTF-8', 'a=Am%C3%A9lie%20%F0%9F%99%82', { a: 'Amélie 🙂' }],
  ['bytes that are not UTF-8', 'a=%FFx%C3', { a: '\ufffdx\ufffd' }],
  ['a percent sign that encodes nothing', 'a=%ZZ,b=50%', { a: '%ZZ', b: '50%' }],
  ['signs that a token may have', "a'b|c~!#$%&*+-.^_`=1", { "a'b|c~!#$%&*+-.^_`": '1' }],
  ['a duplicate, where the last counts', 'a=1,a=2', { a: '2' }],
  ['invalid members among valid ones', 'a=1,,b,=2,c c=3,d="4",e=5\\,f=6', { a: '1', f: '6' }],
])('%s', (_, header, expected) => {
  expect(parsed(header)).toEqual(expected);
});

test('several headers are one list', () => {
  expect(parsed('a=1', 'b=2')).toEqual({ a: '1', b: '2' });
});

test('properties are kept and passed on', () => {
  const header = 'a=1;p1;p2=v2;p3 = v3,b=2';
  const baggage = parseBaggage([header], any);
  expect(baggage?.getEntry('a')?.metadata?.toString()).toBe('p1;p2=v2;p3 = v3');
  expect(baggage && formatBaggage(baggage, any)).toBe(header);
});

test('keys that are not allowed neither enter nor leave', () => {
  const allows = (key: string) => key === 'user.id';
  const baggage = parseBaggage(['user.id=u1,session=s'], allows);
  expect(baggage?.getAllEntries().map(([key]) => key)).toEqual(['user.id']);
  expect(parseBaggage(['session=s'], allows)).toBeUndefined();
  const other = propagation.createBaggage({ session: { value: 's' }, 'user.id': { value: 'u 1' } });
  expect(formatBaggage(other, allows)).toBe('user.id=u%201');
});

test('64 members and 8192 bytes pass, in and out, and no member is cut in two', () => {
  const many = Array.from({ length: 64 }, (_, index) => `k${index}=v`).join(',');
  expect(Object.keys(parsed(many))).toHaveLength(64);
  expect(Object.keys(parsed(`${many},more=1`))).toHaveLength(64);
  const full = `a=${'x'.repeat(8190)}`;
  expect(parsed(full).a).toHaveLength(8190);
  expect(parsed(`b=1,${full}`)).toEqual({ b: '1' });
  const baggage = propagation.createBaggage({
    long: { value: 'é'.repeat(4_000) },
    a: { value: 'x'.repeat(8_190) },
    b: { value: '1' },
  });
  expect(formatBaggage(baggage, any)).toBe(full);
});

test('a key that is no token, or a property that would break the header, does not leave', () => {
  const baggage = propagation.createBaggage({ 'a,b': { value: '1' }, c: { value: '\ud800' } });
  expect(formatBaggage(baggage, any)).toBe('c=%EF%BF%BD');
});

const key = fc.string({ unit: fc.constantFrom(..."abcXYZ019!#$%&'*+-.^_`|~"), minLength: 1 });

test('any values are read back as they were written', () => {
  fc.assert(
    fc.property(fc.dictionary(key, fc.string({ unit: 'grapheme' }), { maxKeys: 8 }), (values) => {
      const entries = Object.entries(values).map(([name, value]) => [name, { value }] as const);
      const baggage = propagation.createBaggage(Object.fromEntries(entries));
      const header = formatBaggage(baggage, any);
      expect(header).toMatch(/^[\x21-\x7e]*$/);
      expect(parsed(header)).toEqual({ ...values });
    }),
  );
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (headers) => {
      parseBaggage(headers, any);
    }),
  );
});
