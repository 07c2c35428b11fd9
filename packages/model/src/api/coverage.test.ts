import { expect, test } from 'vitest';
import { formatCoverage } from './coverage.ts';

test('a coverage is whole only when nothing was lost', () => {
  expect(formatCoverage({ coverage: 1, consumed: 3 })).toBe('100 %');
  expect(formatCoverage({ coverage: 0.99999, consumed: 100_000 })).toBe('99.9 %');
  expect(formatCoverage({ coverage: 0.9, consumed: 10 })).toBe('90.0 %');
  expect(formatCoverage({ coverage: 1, consumed: 0 })).toBe('–');
});
