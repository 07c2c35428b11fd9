import { ThroughlineError } from './errors.ts';

/**
 * An exact decimal number: `units` of 10^-`scale`. Prices and quantities travel as decimal strings and
 * are summed as integers: a double cannot carry them exactly.
 */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const DIGITS_MAX = 40;

/** Whether the text is a plain decimal (`-1.50`), without exponent, of at most 40 characters. */
export function isDecimal(text: string): boolean {
  return text.length <= DIGITS_MAX && /^-?\d+(\.\d+)?$/.test(text);
}

/** @throws ThroughlineError `TL_BAD_REQUEST` when {@link isDecimal} is false */
export function parseDecimal(text: string): Decimal {
  if (!isDecimal(text)) {
    throw new ThroughlineError(
      'TL_BAD_REQUEST',
      `not a decimal: ${JSON.stringify(text.slice(0, 64))}`,
    );
  }
  const point = text.indexOf('.');
  if (point < 0) return { units: BigInt(text), scale: 0 };
  return { units: BigInt(text.replace('.', '')), scale: text.length - point - 1 };
}

/** The shortest text of the value: no trailing zeros, no bare point. */
export function formatDecimal({ units, scale }: Decimal): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function align(left: Decimal, right: Decimal): [left: bigint, right: bigint, scale: number] {
  const scale = Math.max(left.scale, right.scale);
  return [
    left.units * 10n ** BigInt(scale - left.scale),
    right.units * 10n ** BigInt(scale - right.scale),
    scale,
  ];
}

export function addDecimals(left: Decimal, right: Decimal): Decimal {
  const [a, b, scale] = align(left, right);
  return { units: a + b, scale };
}

export function subtractDecimals(left: Decimal, right: Decimal): Decimal {
  return addDecimals(left, { units: -right.units, scale: right.scale });
}

/** Negative, zero or positive, as `left` is below, equal to or above `right`. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const [a, b] = align(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}
