import type { Instrument } from '@throughline/instruments';
import { formatDecimal } from '@throughline/model';
import { expect, test } from 'vitest';
import { BTCUSDT, SOLUSDT } from '../testing/instruments.ts';
import { commonInstruments } from './common-instruments.ts';

function byVenue(...venues: readonly Instrument[][]) {
  return new Map(
    venues.map((instruments, index) => [
      `v${index}`,
      new Map(instruments.map((instrument) => [instrument.symbol, instrument])),
    ]),
  );
}

test('the strictest filters of all venues count', () => {
  const narrow = {
    ...BTCUSDT,
    ticksMin: 100n,
    lotsMax: 50n,
    notionalMin: { units: 10n, scale: 0 },
  };
  const wide = { ...BTCUSDT, ticksMax: 7n, lotsMin: 3n };
  const common = commonInstruments(byVenue([narrow, SOLUSDT], [wide])).get('BTCUSDT');
  expect(common).toMatchObject({ ticksMin: 100n, ticksMax: 7n, lotsMin: 3n, lotsMax: 50n });
  expect(common && formatDecimal(common.notionalMin)).toBe('10');
});

test('a symbol of one venue alone is traded', () => {
  expect([...commonInstruments(byVenue([BTCUSDT], [SOLUSDT])).keys()]).toEqual([
    'BTCUSDT',
    'SOLUSDT',
  ]);
});

test('ticks of one size only: with others the sums would not be exact', () => {
  const coarse = { ...BTCUSDT, tick: { units: 1n, scale: 1 } };
  expect(() => commonInstruments(byVenue([BTCUSDT], [coarse]))).toThrow(
    expect.objectContaining({
      code: 'TL_CONFIG_INVALID',
      message: expect.stringContaining('v1 trades BTCUSDT'),
    }),
  );
  const same = { ...BTCUSDT, tick: { units: 10n, scale: 3 } };
  expect(commonInstruments(byVenue([BTCUSDT], [same])).size).toBe(1);
});
