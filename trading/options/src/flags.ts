import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';

type Flags = NonNullable<ParseArgsConfig['options']>;

/**
 * The values of a process' flags, by name.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that is unknown or incomplete
 */
export function parseFlags<Options extends Flags>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw invalidFlag(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The refusal of a flag's value. */
export function invalidFlag(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', message, { hint: 'See --help.', cause });
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
  throw invalidFlag(`--${name} ${text}: must be a whole number from ${min} to ${max}`);
}

/** `host:port`, several with commas between. @throws ThroughlineError `TL_CONFIG_INVALID` */
export function bootstrapOf(text: string | undefined): readonly string[] {
  if (text === undefined) throw invalidFlag('--kafka HOST:PORT is missing');
  const brokers = text.split(',');
  if (brokers.every((broker) => /^[^\s:/]+:\d{1,5}$/.test(broker))) return brokers;
  throw invalidFlag(`--kafka ${text}: not HOST:PORT`);
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function postgresUrlOf(text: string | undefined): string {
  if (text === undefined) throw invalidFlag('--postgres URL is missing');
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol === 'postgres:' || protocol === 'postgresql:') return text;
  throw invalidFlag('--postgres: not an address that begins with postgres://');
}
