import { propagation } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { carriedKeys } from './baggage.ts';
import { StrictBaggage } from './strict-baggage.ts';

const keys = carriedKeys(['a', 'b', 'c']);
const texts = (baggage: StrictBaggage) =>
  baggage.getAllEntries().map(([key, { value }]) => `${key}=${value}`);

test('it holds the allowed members of a header', () => {
  const baggage = StrictBaggage.fromHeader('a=1,x=2,b=3', keys);
  expect(texts(baggage)).toEqual(['a=1', 'b=3']);
  expect(baggage.getEntry('b')?.value).toBe('3');
  expect(baggage.getEntry('x')).toBeUndefined();
});

test('what came is sent on as it came, in its own spelling', () => {
  expect(StrictBaggage.fromHeader('a=%41%20,b=%7e;p', keys).toHeader(keys)).toBe(
    'a=%41%20,b=%7e;p',
  );
});

test('what may not go on as it came is written anew', () => {
  expect(StrictBaggage.fromHeader('a = %41 , x=2', keys).toHeader(keys)).toBe('a=A');
  expect(StrictBaggage.fromHeader('x=2', keys).toHeader(keys)).toBe('');
});

test('another propagator with other keys does not get the header of the first', () => {
  const baggage = StrictBaggage.fromHeader('a=1,b=2', keys);
  expect(baggage.toHeader(keys)).toBe('a=1,b=2');
  expect(baggage.toHeader(carriedKeys(['b']))).toBe('b=2');
  expect(baggage.toHeader(keys)).toBe('a=1,b=2');
});

test('changes make another baggage, with its own header', () => {
  const before = StrictBaggage.fromHeader('a=1,b=2', keys);
  const changed = before.setEntry('a', { value: 'x' }).setEntry('c', { value: '3' });
  expect(changed.toHeader(keys)).toBe('a=x,b=2,c=3');
  expect(changed.removeEntry('b').toHeader(keys)).toBe('a=x,c=3');
  expect(changed.removeEntries('a', 'c').toHeader(keys)).toBe('b=2');
  expect(changed.clear().toHeader(keys)).toBe('');
  expect(before.toHeader(keys)).toBe('a=1,b=2');
});

test('it is like the baggage of the API, and can be made of one', () => {
  const api = propagation.createBaggage({ a: { value: '1' }, b: { value: '2' } });
  const ours = StrictBaggage.from(api);
  expect(ours.getAllEntries()).toEqual(api.getAllEntries());
  expect(StrictBaggage.from(ours)).toBe(ours);
  ours.getAllEntries().pop();
  expect(texts(ours)).toEqual(['a=1', 'b=2']);
});
