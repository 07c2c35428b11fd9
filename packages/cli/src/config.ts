import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';
import type { ClusterOptions } from '@throughline/server';
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
  : F['type'] extends 'port' | 'integer' | 'decimal' | 'size' | 'age'
    ? number
    : F extends { choices: readonly (infer Choice extends string)[] }
      ? F['type'] extends 'ages'
        ? Readonly<Partial<Record<Choice, number>>>
        : Choice
      : string;

/**
 * The settings that a table of flags describes: a size in bytes, an age in milliseconds. Those without
 * a default may be undefined.
 */
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
  const settings: Record<string, Value | undefined> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const variable = variableOf(name);
    const candidates: [text: string | undefined, from: string][] = [
      [given.get(name), `--${name}`],
      [environment[variable] || undefined, variable],
      [file.get(name), `${CONFIG_FILE}: ${name}`],
      [flag.default, `--${name}`],
    ];
    const [text, from] = candidates.find(([value]) => value !== undefined) ?? [undefined, ''];
    settings[name] = text === undefined ? absent(flag) : convert(flag, text, from);
  }
  if (sources.environment === undefined) forgetSecrets(flags);
  return settings as Settings<Flags>;
}

/** So that no process that we start inherits them. */
function forgetSecrets(flags: Record<string, Flag>): void {
  for (const [name, { type }] of Object.entries(flags)) {
    if (type === 'secret') delete process.env[variableOf(name)];
  }
}

function variableOf(name: string): string {
  return `THROUGHLINE_${name.replaceAll('-', '_').toUpperCase()}`;
}

/** The tokens of the two sides; either may have one of its own. */
export function tokensOf(settings: ServeSettings): {
  ingest: string | undefined;
  read: string | undefined;
} {
  const { token } = settings;
  return { ingest: settings['ingest-token'] ?? token, read: settings['read-token'] ?? token };
}

const CLUSTER_FLAGS = [
  'clickhouse-user',
  'clickhouse-password',
  'clickhouse-cluster',
  'clickhouse-ca',
  'clickhouse-cert',
  'clickhouse-key',
] as const;

/**
 * The ClickHouse that these settings name; undefined for the embedded engine.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` when there is something about it but no address
 */
export function clusterOf(settings: ServeSettings): ClusterOptions | undefined {
  const url = settings['clickhouse-url'];
  if (url === undefined) {
    const lone = CLUSTER_FLAGS.find((name) => settings[name] !== undefined);
    if (lone !== undefined) throw invalid(`--${lone} needs --clickhouse-url`);
    return undefined;
  }
  return {
    url,
    database: settings['clickhouse-database'],
    user: settings['clickhouse-user'],
    password: settings['clickhouse-password'],
    cluster: settings['clickhouse-cluster'],
    ca: settings['clickhouse-ca'],
    cert: settings['clickhouse-cert'],
    key: settings['clickhouse-key'],
  };
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
    // Pretty errors quote the line, which may hold a token.
    document = parseYaml(text, { maxAliasCount: 0, prettyErrors: false });
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

type Value = string | number | boolean | Readonly<Record<string, number>>;

function convert(flag: Flag, text: string, from: string): Value {
  if (flag.type === 'string' || flag.type === 'secret') {
    if (text === '') throw invalid(`${from} is empty`);
    return text;
  }
  if (flag.type === 'switch' || flag.type === 'onoff') {
    if (TRUE.has(text.toLowerCase())) return true;
    if (FALSE.has(text.toLowerCase())) return false;
    throw invalid(`${from} is on or off, not ${text}`);
  }
  if (flag.type === 'choice') {
    if (flag.choices?.includes(text)) return text;
    throw invalid(`${from} is ${flag.choices?.join(' or ')}, not ${text}`);
  }
  if (flag.type === 'size') return quantity(text, SIZE_UNITS, `${from} is a size such as 512MB`);
  if (flag.type === 'age') return quantity(text, AGE_UNITS, `${from} is an age such as 7d or 12h`);
  if (flag.type === 'ages') return ages(flag, text, from);
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

/** Bytes. */
const SIZE_UNITS: Readonly<Record<string, number>> = {
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** Milliseconds. */
const AGE_UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A number above 0 with one of these units, such as `1.5GB`; whole in the smallest one. */
function quantity(text: string, units: Readonly<Record<string, number>>, what: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text) ?? [];
  const value = Math.round(Number(digits) * (units[unit] ?? Number.NaN));
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw invalid(`${what}, not ${text}`, `Units are ${Object.keys(units).join(', ')}.`);
}

/** `NAME=AGE,NAME=AGE`, with names that the flag knows. */
function ages({ choices = [] }: Flag, text: string, from: string): Record<string, number> {
  const pairs = text.split(',').map((pair): [string, number] => {
    const [name = '', age = ''] = pair.trim().split('=', 2);
    if (!choices.includes(name)) {
      throw invalid(`${from} is of ${choices.join(', ')}, not of ${name}`, 'Such as spans=7d.');
    }
    return [name, quantity(age, AGE_UNITS, `${from} is an age such as 7d or 12h`)];
  });
  return Object.fromEntries(pairs);
}

function invalid(message: string, hint?: string, cause?: unknown): ThroughlineError {
  const options = { ...(hint === undefined ? {} : { hint }), ...(cause ? { cause } : {}) };
  return new ThroughlineError('TL_CONFIG_INVALID', message, options);
}
