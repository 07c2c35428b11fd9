import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StrictTraceState } from './trace-state.ts';

const members = (count: number, prefix = 'k') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}=1`);

test('members keep their order, across headers and white space', () => {
  const state = StrictTraceState.parse(['foo=1 ,\tbar=2', 'baz=3,,', ' ']);
  expect(state?.serialize()).toBe('foo=1,bar=2,baz=3');
  expect(state?.get('bar')).toBe('2');
});

test.each([
  ['no equals sign', 'foo'],
  ['an empty key', '=1'],
  ['an empty value', 'foo='],
  ['an equals sign in the value', 'foo=1=2'],
  ['a key in upper case', 'Foo=1'],
  ['a space in the key', 'foo =1'],
  ['a key that begins with a sign', '_foo=1'],
  ['a control character in the value', 'foo=1\u0007'],
  ['a key of 257 characters', `${'a'.repeat(257)}=1`],
  ['a value of 257 characters', `foo=${'1'.repeat(257)}`],
])('%s makes the whole list unusable', (_, member) => {
  expect(StrictTraceState.parse([`ok=1,${member}`])).toBeUndefined();
});

test.each([
  'foo@=1',
  '0=1',
  `${'a'.repeat(256)}=1`,
  'a-_*/@z=1',
  'foo= !"#$%&\'()*+-./:;<>?@[]^_`{|}~',
])('%j is legal', (member) => {
  expect(StrictTraceState.parse([member])?.serialize()).toBe(member);
});

test('32 members are passed on, and 33 are discarded whole', () => {
  expect(StrictTraceState.parse([members(32).join(',')])?.serialize()).toBe(members(32).join(','));
  expect(StrictTraceState.parse([members(33).join(',')])).toBeUndefined();
});

test('of a key given twice the first counts', () => {
  expect(StrictTraceState.parse(['foo=1,foo=2'])?.serialize()).toBe('foo=1');
});

test('nothing at all is no trace state', () => {
  expect(StrictTraceState.parse([])).toBeUndefined();
  expect(StrictTraceState.parse(['', ' , '])).toBeUndefined();
});

test('a changed key moves to the front, and on a full list the right-most goes', () => {
  const state = StrictTraceState.parse([members(32).join(',')]);
  const changed = state?.set('k5', 'new').serialize().split(',');
  expect(changed?.[0]).toBe('k5=new');
  expect(changed).toHaveLength(32);
  const added = state?.set('mine', '1').serialize().split(',');
  expect(added?.[0]).toBe('mine=1');
  expect(added).toHaveLength(32);
  expect(added).not.toContain('k31=1');
  expect(state?.unset('k0').get('k0')).toBeUndefined();
  expect(state?.set('Bad Key', '1')).toBe(state);
});

test('beyond 512 characters the long members go first, then the last', () => {
  const long = `long=${'x'.repeat(200)}`;
  const short = Array.from({ length: 10 }, (_, index) => `s${index}=${'y'.repeat(47)}`);
  const withLong = StrictTraceState.parse([[long, ...short.slice(0, 8)].join(',')]);
  expect(withLong?.serialize()).toBe(short.slice(0, 8).join(','));
  const onlyShort = StrictTraceState.parse([[...short, 'tail=1'].join(',')]);
  expect(onlyShort?.serialize()).toBe(short.join(','));
});

test('no text makes it throw, and what it accepts it accepts again', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), (headers) => {
      const text = StrictTraceState.parse(headers)?.serialize();
      if (text !== undefined && text !== '') {
        expect(StrictTraceState.parse([text])?.serialize()).toBe(text);
      }
    }),
  );
});
