import { hexDigitAt } from '../propagation/trace-parent.ts';
import { Hash64 } from './hash64.ts';

/** Bits of randomness that are compared: 13 hexadecimal digits, which a number holds exactly. */
const BITS = 52;
const RANDOMNESS_END = 2 ** BITS;
/** The first and the last but one digit of a trace id's last seven bytes. */
const DIGITS_FROM = 18;
const DIGITS_TO = 31;
/** UTF-8 never holds this byte, so values that it ends never run together. */
const VALUE_END = 0xff;

/**
 * The randomness of a trace: the last seven bytes of its id (OpenTelemetry, consistent probability
 * sampling). The last four bits are left out.
 */
export function traceRandomness(traceId: string): number {
  let randomness = 0;
  for (let at = DIGITS_FROM; at < DIGITS_TO; at += 1) {
    randomness = randomness * 16 + hexDigitAt(traceId, at);
  }
  return randomness;
}

/**
 * The randomness of a lifecycle, the same in every language: FNV-1a of 64 bits over the UTF-8 bytes
 * of each value, each followed by the byte ff; then MurmurHash3's finalizer of 64 bits. As of a
 * trace id the last seven bytes count.
 */
export function keyRandomness(values: readonly string[]): number {
  const hash = new Hash64();
  for (const value of values) {
    hash.addText(value);
    hash.addByte(VALUE_END);
  }
  hash.finish();
  return (hash.high & 0xff_ffff) * 2 ** 28 + (hash.low >>> 4);
}

/**
 * The least randomness that is sampled. So what one ratio samples, every greater one samples too.
 *
 * @param ratio from 0 (nothing is sampled) to 1 (everything is)
 */
export function samplingThreshold(ratio: number): number {
  return RANDOMNESS_END - Math.round(ratio * RANDOMNESS_END);
}
