import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';
import type { NatsCarrier } from '@throughline/sdk';
import { SERVICE_FLAGS } from '@throughline/service';
import { parseAmount } from './domain/amount.ts';
import type { NatsTransportOptions } from './transport/nats-transport.ts';

/** Flags of every service of this system that talks over NATS. */
export const NATS_FLAGS = {
  nats: { type: 'string', default: 'nats://127.0.0.1:4222' },
  carrier: { type: 'string', default: 'headers' },
  help: { type: 'boolean', default: false },
} as const;

export const NATS_USAGE = `  --nats URL                default nats://127.0.0.1:4222
  --carrier WHERE           of the trace context: headers (default), payload or both
  --help`;

type Flags = NonNullable<ParseArgsConfig['options']>;

/**
 * The values of a process' flags, those of the kit included.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that is unknown or incomplete
 */
export function parseFlags<F extends Flags>(argv: readonly string[], flags: F) {
  try {
    return parseArgs({ args: [...argv], options: { ...SERVICE_FLAGS, ...flags } }).values;
  } catch (cause) {
    throw invalidFlag(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The refusal of a flag's value. */
export function invalidFlag(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', message, { hint: 'See --help.', cause });
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function natsOptionsOf(values: { nats: string; carrier: string }): NatsTransportOptions {
  const carriers: readonly string[] = ['headers', 'payload', 'both'] satisfies NatsCarrier[];
  if (!carriers.includes(values.carrier)) {
    throw invalidFlag(`--carrier ${values.carrier}: must be headers, payload or both`);
  }
  return {
    url: urlOf('nats', values.nats, ['nats:', 'tls:']),
    carrier: values.carrier as NatsCarrier,
  };
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function integerOf(
  name: string,
  text: string,
  [min, max]: readonly [min: number, max: number],
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw invalidFlag(`--${name} ${text}: must be a whole number from ${min} to ${max}`);
}

/** @returns units of 10^-8 @throws ThroughlineError `TL_CONFIG_INVALID` */
export function amountOf(name: string, text: string): bigint {
  const units = parseAmount(text);
  if (units !== undefined && units > 0n) return units;
  throw invalidFlag(`--${name} ${text}: not a positive decimal`);
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function urlOf(name: string, text: string, protocols: readonly string[]): string {
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  throw invalidFlag(
    `--${name} ${text}: not an address that begins with ${protocols.join(' or ')}//`,
  );
}
