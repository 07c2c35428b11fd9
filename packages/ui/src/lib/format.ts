import { type AttributeValue, formatTime } from '@throughline/model';

/**
 * Time of day in UTC with milliseconds: enough to recognise; the exact time belongs in a tooltip.
 */
export function formatClock(ns: bigint): string {
  return formatTime(ns).slice(11, 23);
}

/** A share of a whole in percent; what took any time at all is never rounded to nothing. */
export function formatPercent(part: bigint, whole: bigint): string {
  if (whole === 0n) return '–';
  const percent = Number((part * 1_000_000n) / whole) / 10_000;
  if (part > 0n && percent < 0.01) return '< 0.01 %';
  return `${percent >= 10 || percent === 0 ? percent.toFixed(1) : percent.toFixed(2)} %`;
}

/** A count with thin spaces between thousands. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

/** A count of a list that may be long: `50 000+` of at least so many, `≈ 740 000` of at most. */
export function formatTotal(total: number, bound: 'lower' | 'upper' | undefined): string {
  if (bound === undefined) return formatCount(total);
  return bound === 'lower' ? `${formatCount(total)}+` : `≈ ${formatCount(total)}`;
}

/** A count with its noun: `1 span`, `2 spans`. */
export function formatMany(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Exact nanoseconds with thin spaces between thousands. */
export function formatNs(ns: bigint): string {
  return `${ns.toString().replace(/\B(?=(\d{3})+$)/g, '\u2009')} ns`;
}

export function formatAttribute(value: AttributeValue): string {
  return Array.isArray(value) ? value.map(String).join(', ') : String(value);
}

/** An attribute as text; empty when there is none. */
export function attributeText(attributes: Readonly<Record<string, AttributeValue>>, key: string) {
  const value = attributes[key];
  return value === undefined ? '' : formatAttribute(value);
}

/** `partially_filled` as `partially filled`. */
export function formatWords(identifier: string): string {
  return identifier.replaceAll('_', ' ');
}

/**
 * The address when text is one that may be followed: http and https only. Attributes come from
 * traced systems and their clients; a `javascript:` address in one must stay text.
 */
export function safeHref(text: string): string | undefined {
  if (!/^https?:\/\/\S+$/i.test(text)) return undefined;
  return URL.canParse(text) ? text : undefined;
}
