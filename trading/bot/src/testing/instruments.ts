import { createInstrument } from '@throughline/instruments';
import type { Pair } from '../domain/pair.ts';

/** With a coarse tick and a finer lot, as the exchange has it. */
export const BTC: Pair = {
  ...createInstrument('BTCUSDT', {
    tickSize: '0.01000000',
    priceMin: '0.01000000',
    priceMax: '1000000.00000000',
    stepSize: '0.00001000',
    quantityMin: '0.00001000',
    quantityMax: '9000.00000000',
    notionalMin: '5.00000000',
  }),
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
};
