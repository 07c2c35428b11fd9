import { expect, test } from 'vitest';
import {
  formatClock,
  formatCount,
  formatMany,
  formatNs,
  formatPercent,
  formatTotal,
  safeHref,
} from './format.ts';

test('the clock shows milliseconds in UTC', () => {
  expect(formatClock(1_764_000_000_123_456_789n)).toBe('16:00:00.123');
});

test('shares keep two digits below ten percent and say nothing about an empty whole', () => {
  expect(formatPercent(1n, 3n)).toBe('33.3 %');
  expect(formatPercent(1n, 40n)).toBe('2.50 %');
  expect(formatPercent(1n, 1_000_000n)).toBe('< 0.01 %');
  expect(formatPercent(0n, 40n)).toBe('0.0 %');
  expect(formatPercent(1n, 0n)).toBe('–');
});

test('one of something is not called many', () => {
  expect(formatMany(1, 'span')).toBe('1 span');
  expect(formatMany(0, 'span')).toBe('0 spans');
});

test('a total that is not exact says on which side the true one is', () => {
  expect(formatTotal(1234, undefined)).toBe('1\u2009234');
  expect(formatTotal(1234, 'lower')).toBe('1\u2009234+');
  expect(formatTotal(1234, 'upper')).toBe('≈ 1\u2009234');
});

test('thousands are separated by thin spaces', () => {
  expect(formatCount(1234567)).toBe('1\u2009234\u2009567');
  expect(formatNs(999n)).toBe('999 ns');
});

test.each(['http://a.example/x', 'https://a.example'])('%s may be followed', (text) => {
  expect(safeHref(text)).toBe(text);
});

test.each([
  'javascript:alert(1)',
  ' javascript:alert(1)',
  'data:text/html,x',
  '//a.example',
  'http://',
  'see http://a.example',
])('%s stays text', (text) => {
  expect(safeHref(text)).toBeUndefined();
});
