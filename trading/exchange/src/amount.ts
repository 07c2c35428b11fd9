import { isDecimal, parseDecimal } from '@throughline/model';

/**
 * Amounts of any asset, prices and quantities on the wire have eight decimals. Inside, they are
 * bigint units of 10^-8: sums stay exact.
 */
const AMOUNT_SCALE = 8;
export const UNITS_PER_ONE = 10n ** BigInt(AMOUNT_SCALE);

/** Units of 10^-8, or undefined when the text is no plain decimal or finer than eight decimals. */
export function parseAmount(text: string): bigint | undefined {
  if (!isDecimal(text)) return undefined;
  const { units, scale } = parseDecimal(text);
  if (scale <= AMOUNT_SCALE) return units * 10n ** BigInt(AMOUNT_SCALE - scale);
  const divisor = 10n ** BigInt(scale - AMOUNT_SCALE);
  return units % divisor === 0n ? units / divisor : undefined;
}

/** The wire's form, always with eight decimals: `61685.99000000`. */
export function formatAmount(units: bigint): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(AMOUNT_SCALE + 1, '0');
  return `${sign}${digits.slice(0, -AMOUNT_SCALE)}.${digits.slice(-AMOUNT_SCALE)}`;
}
