import { expect, test } from 'vitest';
import { BySymbol } from './by-symbol.ts';

test('each symbol has its own, made once', () => {
  const lists = new BySymbol<string[]>(() => []);
  lists.of('BTCUSDT')?.push('a');
  lists.of('ETHUSDT')?.push('b');
  lists.of('BTCUSDT')?.push('c');
  expect([...lists]).toEqual([
    ['BTCUSDT', ['a', 'c']],
    ['ETHUSDT', ['b']],
  ]);
  expect(lists.find('SOLUSDT')).toBeUndefined();
});

test('symbols without end do not fill the memory', () => {
  const counts = new BySymbol(() => 0);
  for (let symbol = 0; symbol < 1_000; symbol += 1) counts.of(`S${symbol}`);
  expect([...counts]).toHaveLength(256);
  expect(counts.of('S999')).toBeUndefined();
  expect(counts.of('S0')).toBe(0);
});
