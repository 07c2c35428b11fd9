import type { OptionRight } from './black-scholes.ts';

/** What is traded: the right to buy or sell the underlying at the strike until the expiry. */
export interface Contract {
  readonly underlying: string;
  /** The day, as `2015-12-31`. */
  readonly expiry: string;
  /** A positive decimal without trailing zeros. */
  readonly strike: string;
  readonly right: OptionRight;
}

const MS_PER_YEAR = 365 * 86_400_000;
/** The end of trading in New York in winter; in summer it is an hour earlier. */
const CLOSE_UTC = 'T21:00:00.000Z';

/** One name for a contract everywhere, such as `GOOG-20151231-450-C`. */
export function contractId({ underlying, expiry, strike, right }: Contract): string {
  return `${underlying}-${expiry.replaceAll('-', '')}-${strike}-${right}`;
}

/** When trading in what expires on this day (`2015-12-31`) ends. */
export function closeOf(day: string): Date {
  return new Date(`${day}${CLOSE_UTC}`);
}

/** Calendar years of 365 days until the expiry; negative after it. */
export function yearsToExpiry({ expiry }: Pick<Contract, 'expiry'>, at: Date): number {
  return (closeOf(expiry).getTime() - at.getTime()) / MS_PER_YEAR;
}
