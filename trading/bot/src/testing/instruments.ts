import { createInstrument, type Instrument } from '../domain/instrument.ts';

/** With a coarse tick and a finer lot, as the exchange has it. */
export const BTC: Instrument = createInstrument(
  { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT' },
  {
    tickSize: '0.01000000',
    priceMin: '0.01000000',
    priceMax: '1000000.00000000',
    stepSize: '0.00001000',
    quantityMin: '0.00001000',
    quantityMax: '9000.00000000',
    notionalMin: '5.00000000',
  },
);
