import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formatDecimal, isDecimal, parseDecimal, ThroughlineError } from '@throughline/model';
import { type OptionRight, priceOf } from '../domain/black-scholes.ts';
import { type Contract, closeOf, yearsToExpiry } from '../domain/contract.ts';
import { randomNumbers } from './random.ts';

/** A contract with the price of its last trade or quote. */
export interface ChainEntry extends Contract {
  readonly price: string;
}

/** All contracts on one underlying, as they were quoted on one day. */
export interface Chain {
  /** Of the recording. */
  readonly name: string;
  readonly underlying: string;
  /** The underlying's price. */
  readonly spot: string;
  readonly quotedAt: Date;
  readonly entries: readonly ChainEntry[];
}

/** Real prices, where this machine has them: `option-chain-<underlying>-<day>.csv`. */
export const SHARED_CHAIN = join(
  import.meta.dirname,
  '../../../../../shared/data/option-chain-goog-20151224.csv',
);

const FILE_NAME = /^option-chain-([a-z0-9.]+)-(\d{4})(\d{2})(\d{2})\.csv$/;
const MS_PER_DAY = 86_400_000;

/** The real chain where there is one, otherwise a generated one. */
export function openChain(path: string | undefined, seed: number): Chain {
  if (path !== undefined) return readChain(path);
  return existsSync(SHARED_CHAIN) ? readChain(SHARED_CHAIN) : generateChain(seed);
}

/**
 * Reads a chain from CSV: `expiry,strike,right,open,high,low,close,...`, the expiry as `20151231`.
 * The row without expiry is the underlying. Contracts without a price are left out.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` when the file is not such a chain
 */
export function readChain(path: string): Chain {
  const [, symbol, year, month, day] = FILE_NAME.exec(basename(path)) ?? [];
  if (symbol === undefined) throw invalid(path, 'its name is not option-chain-<symbol>-<day>.csv');
  const underlying = symbol.toUpperCase();
  let spot: string | undefined;
  const entries: ChainEntry[] = [];
  for (const line of readText(path).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [expiry = '', strike = '', right = '', , , , close = ''] = line.split(',');
    if (!isDecimal(close) || Number(close) <= 0) continue;
    const price = shortest(close);
    if (expiry === '') {
      spot = price;
    } else if (/^\d{8}$/.test(expiry) && isDecimal(strike) && isRight(right)) {
      const days = expiry.replace(/(....)(..)(..)/, '$1-$2-$3');
      entries.push({ underlying, expiry: days, strike: shortest(strike), right, price });
    } else {
      throw invalid(path, `not a contract: ${line.slice(0, 80)}`);
    }
  }
  if (spot === undefined || entries.length === 0) throw invalid(path, 'it has no prices');
  const quotedAt = closeOf(`${year}-${month}-${day}`);
  return { name: basename(path, '.csv'), underlying, spot, quotedAt, entries };
}

const GENERATED_EXPIRIES_DAYS = [7, 30, 90, 365];
const GENERATED_STRIKES = 25;

/** A chain with a volatility smile and some noise: the same for the same seed. */
export function generateChain(seed: number): Chain {
  const random = randomNumbers(seed);
  const quotedAt = closeOf('2024-01-02');
  const spot = 80 + Math.round(random() * 400) / 10;
  const entries: ChainEntry[] = [];
  for (const days of GENERATED_EXPIRIES_DAYS) {
    const expiry = new Date(quotedAt.getTime() + days * MS_PER_DAY).toISOString().slice(0, 10);
    for (let step = 0; step < GENERATED_STRIKES; step += 1) {
      const strike = Math.round(spot * (0.8 + (0.4 * step) / (GENERATED_STRIKES - 1)));
      const moneyness = Math.log(strike / spot);
      const volatility = 0.2 + moneyness ** 2 - 0.1 * moneyness + 0.02 * random();
      for (const right of ['C', 'P'] as const) {
        const years = yearsToExpiry({ expiry }, quotedAt);
        const terms = { right, spot, strike, years, rate: 0, dividendYield: 0 };
        const price = priceOf(terms, volatility).toFixed(4);
        if (Number(price) <= 0) continue;
        const contract = { underlying: 'SIM', expiry, strike: `${strike}`, right };
        entries.push({ ...contract, price: shortest(price) });
      }
    }
  }
  const name = `option-chain-generated-${seed}`;
  return { name, underlying: 'SIM', spot: shortest(spot.toFixed(4)), quotedAt, entries };
}

/** The chain as if it had been quoted now: everything is later by the same number of whole days. */
export function chainAsOf(chain: Chain, now: Date): Chain {
  const days = Math.ceil((now.getTime() - chain.quotedAt.getTime()) / MS_PER_DAY);
  const later = (day: string) =>
    new Date(closeOf(day).getTime() + days * MS_PER_DAY).toISOString().slice(0, 10);
  return {
    ...chain,
    quotedAt: new Date(chain.quotedAt.getTime() + days * MS_PER_DAY),
    entries: chain.entries.map((entry) => ({ ...entry, expiry: later(entry.expiry) })),
  };
}

function isRight(text: string): text is OptionRight {
  return text === 'C' || text === 'P';
}

function shortest(text: string): string {
  return formatDecimal(parseDecimal(text));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ThroughlineError('TL_CONFIG_INVALID', `${path} cannot be read`, { cause });
  }
}

function invalid(path: string, message: string): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', `${path}: ${message}`);
}
