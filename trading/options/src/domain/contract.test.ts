import { expect, test } from 'vitest';
import { contractId, yearsToExpiry } from './contract.ts';

const CONTRACT = { underlying: 'GOOG', expiry: '2015-12-31', strike: '447.5', right: 'P' } as const;

test('a contract has one name', () => {
  expect(contractId(CONTRACT)).toBe('GOOG-20151231-447.5-P');
});

test('years are counted to the close of the last day, and below zero after it', () => {
  expect(yearsToExpiry(CONTRACT, new Date('2014-12-31T21:00:00Z'))).toBe(1);
  expect(yearsToExpiry(CONTRACT, new Date('2015-12-31T21:00:00Z'))).toBe(0);
  expect(yearsToExpiry(CONTRACT, new Date('2016-01-01T21:00:00Z'))).toBeLessThan(0);
});
