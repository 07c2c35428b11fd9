import type { Instrument } from '@throughline/instruments';

/** An instrument with the assets that are given and taken for it, as the account holds them. */
export interface Pair extends Instrument {
  readonly baseAsset: string;
  readonly quoteAsset: string;
}
