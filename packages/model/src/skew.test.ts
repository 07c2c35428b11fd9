import { expect, test } from 'vitest';
import { formatSkew } from './skew.ts';

test('a clock is told with its direction, and with how sure that is', () => {
  const skew = { host: 'h2', offsetNs: -1_500_000_000n, uncertaintyNs: 200_000n, messages: 14 };
  expect(formatSkew(skew)).toBe('the clock of h2 is 1.500 s behind (± 200.0 µs, by 14 messages)');
  expect(formatSkew({ host: 'h2', offsetNs: 20n, messages: 1 })).toBe(
    'the clock of h2 is 20 ns ahead (seen one way only, by 1 message)',
  );
});
