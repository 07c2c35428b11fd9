import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';

/**
 * The values of a process' flags, by name.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that is unknown or incomplete
 */
export function parseFlags<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw invalidFlag(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/**
 * @param protocols of which the address must have one, such as `ws:`
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag
 */
export function urlOf(flag: string, text: string, protocols: readonly string[]): string {
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  const beginnings = protocols.join(' or ');
  throw invalidFlag(`--${flag} ${text}: not an address that begins with ${beginnings}//`);
}

/** The refusal of a flag's value. */
export function invalidFlag(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', message, { hint: 'See --help.', cause });
}
