import { baggageEntryMetadataFromString } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BaggageMember, carriedKeys, formatBaggage, parseBaggage } from './baggage.ts';

const TOKEN = "a'b|c~!#$%&*+-.^_`";
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'SomeKey', TOKEN];
const keys = carriedKeys(NAMES);

const parsed = (header: string) =>
  Object.fromEntries(parseBaggage(header, keys).members.map(([key, { value }]) => [key, value]));
const properties = (header: string) =>
  parseBaggage(header, keys).members.map(([, { metadata }]) => metadata?.toString());
const passedOn = (header: string) => formatBaggage(parseBaggage(header, keys).members, keys);

// Each title names the part of W3C Baggage, section 3.3, that has the rule.
test.each([
  ['list: one member', 'SomeKey=SomeValue', { SomeKey: 'SomeValue' }],
  ['list: several members', 'a=1,b=2,c=3', { a: '1', b: '2', c: '3' }],
  ['list: white space around members', ' \ta=1 \t, \tb=2\t ', { a: '1', b: '2' }],
  ['list: a duplicate, where the last counts', 'a=1,b=2,a=3', { a: '3', b: '2' }],
  ['list: empty members', 'a=1,,b=2, ,', { a: '1', b: '2' }],
  ['key: white space around it', ' \ta \t=1', { a: '1' }],
  ['key: every sign of a token', `${TOKEN}=1`, { [TOKEN]: '1' }],
  ['key: upper case is another key', 'A=1,a=2', { a: '2' }],
  ['key: no token', 'a(=1,"a"=1,a b=1,ä=1,b=2', { b: '2' }],
  ['key: none', '=1,b=2', { b: '2' }],
  ['value: white space around it', 'a= \t1\t ', { a: '1' }],
  ['value: empty', 'a=,b= \t', { a: '', b: '' }],
  ['value: equals signs', 'a=1=2==', { a: '1=2==' }],
  [
    'value: every octet',
    "a=!#$&'()*+-./09:<=>?@AZ[]^_`az{|}~",
    { a: "!#$&'()*+-./09:<=>?@AZ[]^_`az{|}~" },
  ],
  ['value: a quote', 'a="1",b=2', { b: '2' }],
  ['value: a backslash', 'a=1\\2,b=2', { b: '2' }],
  ['value: white space within', 'a=1 2,b=2', { b: '2' }],
  ['value: a control character', 'a=1\u00072,b=\u007f,c=3', { c: '3' }],
  ['value: not ASCII', 'a=é,b=2', { b: '2' }],
  ['value: no equals sign', 'a,b=2', { b: '2' }],
  ['value: percent-encoding', 'a=%09%20%22%27%3B%3Dx%21%25%2c', { a: '\t "\';=x!%,' }],
  ['value: UTF-8', 'a=Am%C3%A9lie%20%F0%9F%99%82', { a: 'Amélie 🙂' }],
  ['value: octets that are not UTF-8', 'a=%FFx%C3,b=%41%FF', { a: '\ufffdx\ufffd', b: 'A\ufffd' }],
  [
    'value: an overlong form and half a pair',
    'a=%C0%80,b=%ED%A0%80',
    { a: '\ufffd\ufffd', b: '\ufffd'.repeat(3) },
  ],
  [
    'value: a percent sign that encodes nothing',
    'a=%ZZ,b=50%,c=%4',
    { a: '%ZZ', b: '50%', c: '%4' },
  ],
  ['value: a byte order mark is kept', 'a=%EF%BB%BF1', { a: '\ufeff1' }],
  ['property: a value', 'a=1;p=v', { a: '1' }],
  ['property: no token', 'a=1;p q,b=2', { b: '2' }],
  ['property: a value of no octets', 'a=1;p="v",b=2', { b: '2' }],
  ['property: empty', 'a=1;,b=2;;p,c=3', { c: '3' }],
  ['property: an equals sign only', 'a=1;=,b=2', { b: '2' }],
])('%s', (_, header, expected) => {
  expect(parsed(header)).toEqual(expected);
});

test.each([
  ['a=1;p', ['p']],
  ['a=1;p=v', ['p=v']],
  ['a=1 \t; \tp1 ;p2 = v2; p3=x=y', ['p1 ;p2 = v2; p3=x=y']],
  ['a=1;p=', ['p=']],
  ['a=1,b=2;p', [undefined, 'p']],
])('property: %j is kept and passed on', (header, expected) => {
  expect(properties(header)).toEqual(expected);
  expect(properties(passedOn(header))).toEqual(expected);
});

test.each([
  'a=1,b=2',
  'a=',
  'a=1;p1;p2=v2;p3 = v3,b=2',
  'a=%41%20',
  "a=!#$&'()*+",
])('%j may be sent on as it is', (header) => {
  expect(parseBaggage(header, keys).isVerbatim).toBe(true);
});

test.each([
  ['white space', 'a=1 ,b=2'],
  ['white space around properties', 'a=1; p'],
  ['a key that is not allowed', 'a=1,x=2'],
  ['a member that is not valid', 'a=1,b="'],
  ['an empty member', 'a=1,'],
  ['a duplicate', 'a=1,a=1'],
  ['a percent sign that encodes nothing', 'a=%ZZ'],
  ['bytes that are not UTF-8', 'a=%FF'],
  ['more than 8192 bytes', `a=${'x'.repeat(8_191)}`],
])('with %s it is written anew', (_, header) => {
  expect(parseBaggage(header, keys).isVerbatim).toBe(false);
});

test('keys that are not allowed, or no tokens, neither enter nor leave', () => {
  const allowed = carriedKeys(['user.id', 'no token']);
  expect(parseBaggage('user.id=u1,session=s,no token=1', allowed).members).toEqual([
    ['user.id', { value: 'u1' }],
  ]);
  const members: BaggageMember[] = [
    ['session', { value: 's' }],
    ['no token', { value: '1' }],
    ['user.id', { value: 'u 1' }],
  ];
  expect(formatBaggage(members, allowed)).toBe('user.id=u%201');
});

const many = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`);

test('limits: 64 members pass, in and out, whatever else the list has', () => {
  const allowed = carriedKeys(many(70));
  const header = (count: number) =>
    many(count)
      .map((key) => `${key}=v`)
      .join(',');
  expect(parseBaggage(header(64), allowed)).toMatchObject({ isVerbatim: true });
  expect(parseBaggage(header(64), allowed).members).toHaveLength(64);
  expect(parseBaggage(header(70), allowed).members).toHaveLength(64);
  expect(
    parseBaggage(
      `${many(500)
        .map(() => 'x=1')
        .join(',')},${header(64)}`,
      allowed,
    ).members,
  ).toHaveLength(64);
  const members = many(70).map((key): BaggageMember => [key, { value: 'v' }]);
  expect(formatBaggage(members, allowed)).toBe(header(64));
});

test('limits: 8192 bytes pass, in and out, and no member is cut in two', () => {
  const full = `a=${'x'.repeat(8_190)}`;
  expect(parsed(full)).toEqual({ a: 'x'.repeat(8_190) });
  expect(parsed(`${full}x`)).toEqual({});
  expect(parsed(`b=1,${full}`)).toEqual({ b: '1' });
  expect(passedOn(full)).toBe(full);
  const members: BaggageMember[] = [
    ['c', { value: 'é'.repeat(4_000) }],
    ['a', { value: 'x'.repeat(8_185) }],
    ['b', { value: '123' }],
    ['d', { value: '1' }],
  ];
  expect(formatBaggage(members, keys)).toBe(`a=${'x'.repeat(8_185)},d=1`);
});

test('properties that would make the header invalid do not leave', () => {
  const member = (text: string): BaggageMember => [
    'a',
    { value: '1', metadata: baggageEntryMetadataFromString(text) },
  ];
  expect(formatBaggage([member(' p=v;q ')], keys)).toBe('a=1;p=v;q');
  for (const text of ['p,b=2', 'p=é', 'p="', ';', '', ' ', 'p\r\nx: y']) {
    expect(formatBaggage([member(text)], keys)).toBe('a=1');
  }
});

test('a value that is no text does not leave, and half a pair becomes U+FFFD', () => {
  const members: BaggageMember[] = [
    ['a', { value: 7 as unknown as string }],
    ['b', { value: '\ud800' }],
  ];
  expect(formatBaggage(members, keys)).toBe('b=%EF%BF%BD');
});

const property = fc.oneof(
  fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,8}$/),
  fc.stringMatching(/^[a-z0-9]{1,4}[ \t]?=[ \t]?[!#-+./0-9:<-[\]-~-]{0,8}$/),
);
const member = fc.record({
  value: fc.string({ unit: 'grapheme' }),
  properties: fc.array(property, { maxLength: 3 }),
});

test('any values and properties are read back as they were written', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...NAMES), member), (entries) => {
      const members = Object.entries(entries).map(
        ([key, { value, properties: list }]): BaggageMember => {
          if (list.length === 0) return [key, { value }];
          return [key, { value, metadata: baggageEntryMetadataFromString(list.join(';').trim()) }];
        },
      );
      const header = formatBaggage(members, keys);
      expect(header).toMatch(/^[\x20-\x7e\t]*$/);
      const again = parseBaggage(header, keys);
      expect(again.members.map(([key, { value }]) => [key, value])).toEqual(
        members.map(([key, { value }]) => [key, value]),
      );
      expect(properties(header)).toEqual(members.map(([, { metadata }]) => metadata?.toString()));
      if (header !== '') expect(again.isVerbatim).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('no text makes it throw, and what may be sent on as it is would be written so', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'ab=,; \t%4F"é') }),
  );
  fc.assert(
    fc.property(text, (header) => {
      const { members, isVerbatim } = parseBaggage(header, keys);
      const written = formatBaggage(members, keys);
      expect(parsed(written)).toEqual(parsed(header));
      if (isVerbatim && !header.includes('%')) expect(written).toBe(header);
    }),
    { numRuns: 2_000 },
  );
});
