import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StrictTraceState } from './trace-state.ts';

const members = (count: number, member = (index: number) => `k${index}=1`) =>
  Array.from({ length: count }, (_, index) => member(index)).join(',');
const passedOn = (header: string) => StrictTraceState.parse(header)?.serialize();

// Each title names the section of W3C Trace Context 2 that has the rule.
test.each([
  ['3.3.2 one member', 'foo=1', 'foo=1'],
  ['3.3.2 the order of the members', 'foo=1,bar=2,baz=3', 'foo=1,bar=2,baz=3'],
  ['3.3.2 spaces and tabs around members', 'foo=1 \t , \t bar=2,\tbaz=3', 'foo=1,bar=2,baz=3'],
  ['3.3.2 white space around the list', ' \tfoo=1\t ', 'foo=1'],
  ['3.3.2 empty members', ',foo=1,,bar=2, ,', 'foo=1,bar=2'],
  ['3.3.2 32 members', members(32), members(32)],
  ['3.3.2 32 members and empty ones', `${members(32)},, ,`, members(32)],
  ['3.3.2.2.1 a key of one digit', '0=1', '0=1'],
  ['3.3.2.2.1 a key of one letter', 'a=1', 'a=1'],
  ['3.3.2.2.1 a key of 256 characters', `${'a'.repeat(256)}=1`, `${'a'.repeat(256)}=1`],
  ['3.3.2.2.1 all characters of a key', 'a-_*/@z0=1', 'a-_*/@z0=1'],
  ['3.3.2.2.1 a tenant and a system', 'tenant@system=1', 'tenant@system=1'],
  ['3.3.2.2.1 a tenant without a system', 'foo@=1', 'foo@=1'],
  ['3.3.2.2.1 several at signs', 'a@b@c=1', 'a@b@c=1'],
  ['3.3.2.2.2 leading spaces of a value', 'foo=  1', 'foo=  1'],
  ['3.3.2.2.2 trailing spaces, which are none of the value', 'foo=1  ,bar=2 ', 'foo=1,bar=2'],
  ['3.3.2.2.2 a value of 256 characters', `foo=${'1'.repeat(256)}`, `foo=${'1'.repeat(256)}`],
  [
    '3.3.2.2.2 all characters of a value',
    'foo= !"#$%&\'()*+-./0:;<>?@A[\\]^_`a{|}~',
    'foo= !"#$%&\'()*+-./0:;<>?@A[\\]^_`a{|}~',
  ],
  ['3.3.3 of a key given twice the first, which is the latest', 'foo=1,foo=2', 'foo=1'],
])('%s: passed on', (_, header, expected) => {
  expect(passedOn(header)).toBe(expected);
});

test.each([
  ['3.3.2 nothing', ''],
  ['3.3.2 white space and empty members alone', ' , ,\t'],
  ['3.3.2 33 members', members(33)],
  ['3.3.2 33 members of which two have the same key', `${members(32)},k0=2`],
  ['3.3.2.2 no equals sign', 'ok=1,foo'],
  ['3.3.2.2.1 an empty key', 'ok=1,=1'],
  ['3.3.2.2.1 a key in upper case', 'ok=1,Foo=1'],
  ['3.3.2.2.1 a space in the key', 'ok=1,f oo=1'],
  ['3.3.2.2.1 a space behind the key', 'ok=1,foo =1'],
  ['3.3.2.2.1 a key that begins with a sign', 'ok=1,_foo=1'],
  ['3.3.2.2.1 a key that begins with an at sign', 'ok=1,@foo=1'],
  ['3.3.2.2.1 another sign in the key', 'ok=1,fo.o=1'],
  ['3.3.2.2.1 a key of 257 characters', `ok=1,${'a'.repeat(257)}=1`],
  ['3.3.2.2.1 a tenant key of 257 characters', `ok=1,${'t'.repeat(242)}@${'v'.repeat(14)}=1`],
  ['3.3.2.2.2 an empty value', 'ok=1,foo='],
  ['3.3.2.2.2 a value of spaces', 'ok=1,foo=   ,bar=2'],
  ['3.3.2.2.2 an equals sign in the value', 'ok=1,foo=1=2'],
  ['3.3.2.2.2 a control character in the value', 'ok=1,foo=1\u00072'],
  ['3.3.2.2.2 a tab in the value', 'ok=1,foo=1\t2'],
  ['3.3.2.2.2 a character beyond ASCII in the value', 'ok=1,foo=é'],
  ['3.3.2.2.2 a value of 257 characters', `ok=1,foo=${'1'.repeat(257)}`],
  ['3.3.3.1 more than 32 of the longest members take', `ok=1${','.repeat(16_447)}`],
])('%s: the whole list is discarded', (_, header) => {
  expect(StrictTraceState.parse(header)).toBeUndefined();
});

test('3.3.3.1 more than 512 characters are passed on whole', () => {
  const list = members(32, (index) => `key${index}=${'x'.repeat(100)}`);
  expect(list.length).toBeGreaterThan(512);
  expect(passedOn(list)).toBe(list);
});

test('3.3.3.1 beyond 4096 characters whole members go: long ones first, then the last', () => {
  const long = `long=${'x'.repeat(130)}`;
  const short = members(31, (index) => `s${index}=${'y'.repeat(124)}`);
  expect(passedOn(`${long},${short}`)).toBe(short);
  const onlyLong = members(32, (index) => `l${index}=${'z'.repeat(200)}`).split(',');
  const kept = passedOn(onlyLong.join(','))?.split(',');
  expect(kept).toEqual(onlyLong.slice(0, kept?.length));
  expect(kept).toHaveLength(20);
});

test('3.5 a changed key moves to the front, the order of the others stays', () => {
  const state = StrictTraceState.parse('a=1,b=2,c=3');
  expect(state?.set('b', 'new').serialize()).toBe('b=new,a=1,c=3');
  expect(state?.unset('b').serialize()).toBe('a=1,c=3');
  expect(state?.serialize()).toBe('a=1,b=2,c=3');
});

test('3.5 a new key goes to the front, and on a full list the right-most goes', () => {
  const added = StrictTraceState.parse(members(32))?.set('mine', '1').serialize().split(',');
  expect(added?.[0]).toBe('mine=1');
  expect(added).toHaveLength(32);
  expect(added).not.toContain('k31=1');
});

test('what is not valid cannot be set', () => {
  const state = StrictTraceState.parse('a=1');
  expect(state?.set('Bad Key', '1')).toBe(state);
  expect(state?.set('b', 'x,y')).toBe(state);
  expect(state?.get('a')).toBe('1');
  expect(state?.get('b')).toBeUndefined();
});

test('no text makes it throw, and what it accepts it accepts again', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'ab01=,@ \t-') }),
  );
  fc.assert(
    fc.property(text, (header) => {
      const written = passedOn(header);
      if (written !== undefined) expect(passedOn(written)).toBe(written);
    }),
    { numRuns: 1_000 },
  );
});
