import { ThroughlineError } from '@throughline/model';

/** What can be made to go wrong in a service, and the unit of its value. */
const KINDS = {
  /** How much longer each message takes to process. */
  'slow-consumer': { unit: 'ms', min: 0 },
  /** The share of messages that their consumer cannot read. */
  'poisoned-message': { unit: 'share', otherwise: 0.01 },
  /** The share of messages that arrive without trace context. */
  'lost-trace-header': { unit: 'share' },
  /** The share of messages that are delivered twice. */
  'duplicate-delivery': { unit: 'share' },
  /** How far the clock of the service's host is ahead; negative: behind. */
  'clock-skew': { unit: 'ms', min: Number.NEGATIVE_INFINITY },
} as const satisfies Record<string, Kind>;

type Kind =
  | { readonly unit: 'ms'; readonly min: number }
  | { readonly unit: 'share'; readonly otherwise?: number };

export type FaultName = keyof typeof KINDS;

/** One `--fault`: milliseconds, or a share from 0 to 1. */
export interface Fault {
  readonly name: FaultName;
  readonly value: number;
}

/**
 * Reads `slow-consumer=200ms` or `lost-trace-header=0.1`.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` for a fault that does not exist, or another value than
 *   its own kind
 */
export function parseFault(text: string): Fault {
  const [name = '', value, ...rest] = text.split('=');
  if (!isName(name) || rest.length > 0) {
    throw invalid(text, `the faults are ${Object.keys(KINDS).join(', ')}`);
  }
  const kind: Kind = KINDS[name];
  if (kind.unit === 'ms') return { name, value: millisecondsOf(text, value, kind.min) };
  return { name, value: shareOf(text, value, kind.otherwise) };
}

function isName(name: string): name is FaultName {
  return Object.hasOwn(KINDS, name);
}

function millisecondsOf(text: string, value: string | undefined, min: number): number {
  const ms = Number(/^(-?\d{1,9})ms$/.exec(value ?? '')?.[1] ?? Number.NaN);
  if (ms >= min) return ms;
  throw invalid(text, `it needs ${min < 0 ? '' : 'positive '}milliseconds, such as =200ms`);
}

function shareOf(text: string, value: string | undefined, otherwise?: number): number {
  if (value === undefined && otherwise !== undefined) return otherwise;
  const share = Number(value);
  if (/^\d+(\.\d+)?$/.test(value ?? '') && share <= 1) return share;
  throw invalid(text, 'it needs a share from 0 to 1, such as =0.1');
}

function invalid(text: string, hint: string): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', `--fault ${text}: ${hint}`);
}
