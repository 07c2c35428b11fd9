import { createInstrument } from '@throughline/instruments';

/** Instruments with the filters that the exchange gives them. */
export const BTCUSDT = createInstrument('BTCUSDT', {
  tickSize: '0.01',
  priceMin: '0.01',
  priceMax: '1000000',
  stepSize: '0.00001',
  quantityMin: '0.00001',
  quantityMax: '9000',
  notionalMin: '5',
});

export const SOLUSDT = createInstrument('SOLUSDT', {
  tickSize: '0.01',
  priceMin: '0.01',
  priceMax: '10000',
  stepSize: '0.001',
  quantityMin: '0.001',
  quantityMax: '90000',
  notionalMin: '5',
});
