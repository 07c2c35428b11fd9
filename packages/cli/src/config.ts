import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';
import { parse as parseYaml } from 'yaml';
import { DEMO_FLAGS, type Flag, type SERVE_FLAGS } from './flags.ts';

const CONFIG_FILE = 'throughline.yaml';

/** Where each value is looked for, first hit wins: flag, variable, file, default. */
export interface Sources {
  argv: readonly string[];
  environment?: Readonly<Record<string, string | undefined>>;
  /** The text of `throughline.yaml`, when there is one. */
  file?: string | undefined;
}

type ValueOf<F extends Flag> = F['type'] extends 'switch' | 'onoff'
  ? boolean
  : F['type'] extends 'port' | 'integer' | 'decimal'
    ? number
    : string;

/** The settings that a table of flags describes; those without a default may be undefined. */
export type Settings<Flags extends Record<string, Flag>> = {
  readonly [Name in keyof Flags]:
    | ValueOf<Flags[Name]>
    | (Flags[Name] extends { default: string } | { type: 'switch' } ? never : undefined);
};

export type ServeSettings = Settings<typeof SERVE_FLAGS>;
export type DemoSettings = Settings<typeof DEMO_FLAGS>;

/**
 * Reads the settings of a command.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` that names the flag, variable or key of the file
 */
export function readSettings<Flags extends Record<string, Flag>>(
  flags: Flags,
  sources: Sources,
): Settings<Flags> {
  const given = readArguments(flags, sources.argv);
  const file = readFile(sources.file);
  const environment = sources.environment ?? process.env;
  const settings: Record<string, string | number | boolean | undefined> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const variable = `THROUGHLINE_${name.replaceAll('-', '_').toUpperCase()}`;
    const candidates: [text: string | undefined, from: string][] = [
      [given.get(name), `--${name}`],
      [environment[variable] || undefined, variable],
      [file.get(name), `${CONFIG_FILE}: ${name}`],
      [flag.default, `--${name}`],
    ];
    const [text, from] = candidates.find(([value]) => value !== undefined) ?? [undefined, ''];
    settings[name] = text === undefined ? absent(flag) : convert(flag, text, from);
  }
  return settings as Settings<Flags>;
}

/** The text of the configuration file in this folder, if there is one. */
export function readConfigFile(): string | undefined {
  return existsSync(CONFIG_FILE) ? readFileSync(CONFIG_FILE, 'utf8') : undefined;
}

/** What processes that we start may see of our environment. */
export function inheritedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('THROUGHLINE_'));
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function absent(flag: Flag): false | undefined {
  return flag.type === 'switch' ? false : undefined;
}

function readArguments(flags: Record<string, Flag>, argv: readonly string[]): Map<string, string> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      { type: flag.type === 'switch' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    return new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split('. ')[0] : String(cause);
    throw invalid(String(message), 'See --help.', cause);
  }
}

function readFile(text: string | undefined): Map<string, string> {
  if (text === undefined) return new Map();
  let document: unknown;
  try {
    document = parseYaml(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw invalid(`${CONFIG_FILE} is not YAML: ${(cause as Error).message}`, undefined, cause);
  }
  if (document === null || document === undefined) return new Map();
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw invalid(`${CONFIG_FILE} is not a mapping of names to values`);
  }
  return new Map(
    Object.entries(document).map(([name, value]) => {
      // One file serves all commands, so it may hold what another command reads.
      if (!Object.hasOwn(DEMO_FLAGS, name)) {
        throw invalid(`${CONFIG_FILE}: ${name} is not a setting`, 'See --help for their names.');
      }
      if (value === null || typeof value === 'object') {
        throw invalid(`${CONFIG_FILE}: ${name} is not a plain value`);
      }
      return [name, String(value)];
    }),
  );
}

const TRUE = new Set(['true', 'on', 'yes', '1']);
const FALSE = new Set(['false', 'off', 'no', '0']);
const PORT_MAX = 65_535;

function convert(flag: Flag, text: string, from: string): string | number | boolean {
  if (flag.type === 'string') {
    if (text === '') throw invalid(`${from} is empty`);
    return text;
  }
  if (flag.type === 'switch' || flag.type === 'onoff') {
    if (TRUE.has(text.toLowerCase())) return true;
    if (FALSE.has(text.toLowerCase())) return false;
    throw invalid(`${from} is on or off, not ${text}`);
  }
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const whole = flag.type === 'decimal' || Number.isSafeInteger(value);
  const [least, most] = flag.type === 'port' ? [0, PORT_MAX] : [0.001, 1e9];
  if (whole && value >= least && value <= most) return value;
  throw invalid(`${from} is ${RANGES[flag.type]}, not ${text}`);
}

const RANGES = {
  port: 'a port from 0 to 65535',
  integer: 'a whole number from 1',
  decimal: 'a number above 0',
} as const;

function invalid(message: string, hint?: string, cause?: unknown): ThroughlineError {
  const options = { ...(hint === undefined ? {} : { hint }), ...(cause ? { cause } : {}) };
  return new ThroughlineError('TL_CONFIG_INVALID', message, options);
}
