import { invalidFlag, parseFlags } from '../arguments.ts';
import type { LoadOptions } from './load.ts';

export const USAGE = `usage: load --url URL --exchange-rest URL [options]
  --url URL             the gateway of the orders system
  --exchange-rest URL   where prices come from
  --orders N            default 100
  --rate R              orders a second, default 50
  --users U             default 20
  --seed S              default 1
  --cancel P            share of the orders that are canceled after a while, from 0 to 1
  --replace P           ... that are replaced by another quantity and price
  --expire P            ... that expire
  --final-timeout-ms N  how long to wait for final states after the last order, default 30000
  --help`;

const OPTIONS = {
  url: { type: 'string' },
  'exchange-rest': { type: 'string' },
  orders: { type: 'string', default: '100' },
  rate: { type: 'string', default: '50' },
  users: { type: 'string', default: '20' },
  seed: { type: 'string', default: '1' },
  cancel: { type: 'string', default: '0' },
  replace: { type: 'string', default: '0' },
  expire: { type: 'string', default: '0' },
  'final-timeout-ms': { type: 'string', default: '30000' },
  help: { type: 'boolean', default: false },
} as const;

const NUMBER_MAX = 1_000_000;

/** @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used */
export function readLoadConfig(args: readonly string[]): LoadOptions | undefined {
  const values = parseFlags(args, OPTIONS);
  if (values.help) return undefined;
  const number = (name: 'orders' | 'rate' | 'users' | 'seed' | 'final-timeout-ms', min: number) => {
    const value = Number(values[name]);
    const isUsable = name === 'rate' ? Number.isFinite(value) : Number.isInteger(value);
    if (isUsable && value >= min && value <= NUMBER_MAX) return value;
    throw invalidFlag(`--${name} ${values[name]}: must be a number from ${min} to ${NUMBER_MAX}`);
  };
  const share = (name: 'cancel' | 'replace' | 'expire') => {
    const value = Number(values[name]);
    if (values[name] !== '' && value >= 0 && value <= 1) return value;
    throw invalidFlag(`--${name} ${values[name]}: must be a number from 0 to 1`);
  };
  const url = (name: 'url' | 'exchange-rest') => {
    const text = values[name];
    if (text !== undefined && URL.canParse(text)) return text;
    throw invalidFlag(
      text === undefined ? `--${name} is missing` : `--${name} ${text}: no address`,
    );
  };
  return {
    wsUrl: url('url'),
    exchangeRestUrl: url('exchange-rest'),
    orders: number('orders', 0),
    ratePerSecond: number('rate', 0.01),
    users: number('users', 1),
    seed: number('seed', 0),
    plans: { cancel: share('cancel'), replace: share('replace'), expire: share('expire') },
    finalTimeoutMs: number('final-timeout-ms', 0),
  };
}
