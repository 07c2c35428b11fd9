import { expect, test } from 'vitest';
import { createInstrument, formatPrice, formatQuantity, INSTRUMENTS } from './instruments.ts';

const FILTERS = {
  tickSize: '0.01',
  stepSize: '0.001',
  priceMax: '1000',
  quantityMin: '0.001',
  quantityMax: '1000',
  notionalMin: '5',
  startPrice: '100',
};

test('the simulator trades BTC, ETH and SOL against USDT', () => {
  expect(INSTRUMENTS.map(({ symbol }) => symbol)).toEqual(['BTCUSDT', 'ETHUSDT', 'SOLUSDT']);
});

test('ticks and lots print as the decimals they stand for', () => {
  const instrument = createInstrument('AAA', 'BBB', FILTERS);
  expect(formatPrice(instrument, 12_345n)).toBe('123.45000000');
  expect(formatQuantity(instrument, 1n)).toBe('0.00100000');
  expect(instrument.startTicks).toBe(10_000n);
});

test('an instrument whose amounts would not be exact, or make no sense, is refused', () => {
  const refused = { code: 'TL_CONFIG_INVALID' };
  const create = (change: Partial<typeof FILTERS>) =>
    createInstrument('AAA', 'BBB', { ...FILTERS, ...change });
  expect(() => create({ stepSize: '0.0000001' })).toThrow(expect.objectContaining(refused));
  expect(() => create({ tickSize: '0' })).toThrow(expect.objectContaining(refused));
  expect(() => create({ startPrice: 'much' })).toThrow(expect.objectContaining(refused));
});
