import { ThroughlineError } from '@throughline/model';
import { parseAmount } from '../amount.ts';

/** Funds of one asset in units of 10^-8. Locked funds are set aside for open orders. */
interface Balance {
  freeUnits: bigint;
  lockedUnits: bigint;
}

/**
 * Exact funds by asset. What is spent was locked before, and only free funds can be locked: never
 * negative.
 */
export class Balances {
  readonly #byAsset = new Map<string, Balance>();

  /**
   * @param amounts decimal strings by asset
   * @throws ThroughlineError `TL_CONFIG_INVALID` when one is no amount
   */
  constructor(amounts: Readonly<Record<string, string>>) {
    for (const [asset, amount] of Object.entries(amounts)) {
      const freeUnits = parseAmount(amount);
      if (freeUnits === undefined || freeUnits < 0n) {
        throw new ThroughlineError('TL_CONFIG_INVALID', `balance of ${asset} is no amount`);
      }
      this.#byAsset.set(asset, { freeUnits, lockedUnits: 0n });
    }
  }

  assets(): string[] {
    return [...this.#byAsset.keys()];
  }

  of(asset: string): Readonly<Balance> {
    return this.#of(asset);
  }

  /**
   * Sets funds aside for an order.
   *
   * @returns false when too little is free; nothing has changed then
   */
  lock(asset: string, units: bigint): boolean {
    const balance = this.#of(asset);
    if (balance.freeUnits < units) return false;
    balance.freeUnits -= units;
    balance.lockedUnits += units;
    return true;
  }

  unlock(asset: string, units: bigint): void {
    const balance = this.#of(asset);
    balance.lockedUnits -= units;
    balance.freeUnits += units;
  }

  spendLocked(asset: string, units: bigint): void {
    this.#of(asset).lockedUnits -= units;
  }

  receive(asset: string, units: bigint): void {
    this.#of(asset).freeUnits += units;
  }

  #of(asset: string): Balance {
    let balance = this.#byAsset.get(asset);
    if (!balance) {
      balance = { freeUnits: 0n, lockedUnits: 0n };
      this.#byAsset.set(asset, balance);
    }
    return balance;
  }
}
