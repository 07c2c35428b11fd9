import type { Attributes, AttributeValue } from '@throughline/model';
import { decodeOther } from './any-value.ts';

/** Attributes as the engine returns them: one map for each type of value. */
export type AttributeColumns = readonly [
  strings: Record<string, string>,
  /** Decimal strings. */
  ints: Record<string, string>,
  /** Infinities and NaN are strings. */
  floats: Record<string, number | string>,
  bools: Record<string, boolean>,
  /** In base64, see {@link decodeOther}. */
  others: Record<string, string>,
];

export function toAttributes([strings, ints, floats, bools, others]: AttributeColumns): Attributes {
  return Object.fromEntries([
    ...Object.entries<AttributeValue>(strings),
    ...converted(ints, BigInt),
    ...converted(floats, toDouble),
    ...Object.entries<AttributeValue>(bools),
    ...converted(others, (text) => decodeOther(Buffer.from(text, 'base64'))),
  ]);
}

function converted<Value>(
  column: Record<string, Value>,
  to: (value: Value) => AttributeValue,
): [string, AttributeValue][] {
  return Object.entries(column).map(([key, value]) => [key, to(value)]);
}

/** The engine writes `inf` where JavaScript says `Infinity`. */
function toDouble(value: number | string): number {
  return Number(typeof value === 'string' ? value.replace('inf', 'Infinity') : value);
}

/** A property that OTLP leaves out when it has its default, and so do we. */
export function given<Name extends string, Value extends string | number>(
  name: Name,
  value: Value | undefined,
): { [key in Name]?: Value } {
  return value ? ({ [name]: value } as { [key in Name]: Value }) : {};
}
