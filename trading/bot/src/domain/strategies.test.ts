import { expect, test } from 'vitest';
import { createStrategy, STRATEGY_NAMES } from './strategies.ts';

test('every strategy can be made without parameters', () => {
  for (const name of STRATEGY_NAMES) expect(createStrategy(name).name).toBe(name);
});

test('a name that is none is not found, even one that every object has', () => {
  for (const name of ['nope', 'constructor']) {
    expect(() => createStrategy(name)).toThrow(expect.objectContaining({ code: 'TL_NOT_FOUND' }));
  }
});

test.each([
  ['moving_average_crossover', { fast: 20, slow: 5 }],
  ['moving_average_crossover', { fast: 0 }],
  ['moving_average_crossover', { slow: 1_000 }],
  ['rsi_mean_reversion', { oversold: 80, overbought: 20 }],
  ['rsi_mean_reversion', { period: 1.5 }],
  ['rsi_mean_reversion', { perod: 14 }],
])('%s cannot have %j', (name, parameters) => {
  const refusal = expect.objectContaining({ code: 'TL_BAD_REQUEST' });
  expect(() => createStrategy(name, parameters)).toThrow(refusal);
});
