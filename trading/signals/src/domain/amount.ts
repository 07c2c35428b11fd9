import { formatDecimal, isDecimal, parseDecimal } from '@throughline/model';

/** Decimals of all amounts inside: prices and quantities are bigint units of 10^-8. */
const SCALE = 8;
export const UNITS_PER_ONE = 10n ** BigInt(SCALE);

/** Units of 10^-8; what is finer is cut off. Undefined when the text is no plain decimal. */
export function parseAmount(text: string): bigint | undefined {
  if (!isDecimal(text)) return undefined;
  const { units, scale } = parseDecimal(text);
  return scale <= SCALE
    ? units * 10n ** BigInt(SCALE - scale)
    : units / 10n ** BigInt(scale - SCALE);
}

/** The shortest text of the value. */
export function formatAmount(units: bigint): string {
  return formatDecimal({ units, scale: SCALE });
}

/** What the quantity is worth at the price; what is finer than 10^-8 is cut off. */
export function worth(priceUnits: bigint, quantityUnits: bigint): bigint {
  return (priceUnits * quantityUnits) / UNITS_PER_ONE;
}
