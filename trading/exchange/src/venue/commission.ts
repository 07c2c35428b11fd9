import { ThroughlineError } from '@throughline/model';

/** What the venue keeps of what an order receives, in basis points (1 is 0.01 %). */
export interface CommissionOptions {
  /** Of an order that rested. */
  readonly makerBps: number;
  /** Of an order that took from the book. */
  readonly takerBps: number;
}

/** Rates are counted in hundredths of a basis point: 0.0001 %. */
const RATE_ONE = 1_000_000n;
const BPS_MAX = 1_000;

/** The venue's commissions: exact, rounded down to 10^-8 in the client's favour. */
export class Commission {
  readonly #makerRate: bigint;
  readonly #takerRate: bigint;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` for a rate that is not usable */
  constructor({ makerBps, takerBps }: CommissionOptions) {
    this.#makerRate = rateOf('makerBps', makerBps);
    this.#takerRate = rateOf('takerBps', takerBps);
  }

  /** Of so many units of an asset. */
  unitsOf(receivedUnits: bigint, isMaker: boolean): bigint {
    return (receivedUnits * this.rate(isMaker)) / RATE_ONE;
  }

  /** In millionths. */
  rate(isMaker: boolean): bigint {
    return isMaker ? this.#makerRate : this.#takerRate;
  }
}

function rateOf(name: string, bps: number): bigint {
  const rate = bps * 100;
  if (Number.isSafeInteger(rate) && rate >= 0 && bps <= BPS_MAX) return BigInt(rate);
  throw new ThroughlineError(
    'TL_CONFIG_INVALID',
    `${name} must be from 0 to ${BPS_MAX}, in steps of 0.01`,
  );
}
