import { randomFillSync } from 'node:crypto';

const SPAN_ID_BYTES = 8;
const POOL_BYTES = 8_192;

/** Character codes of the hexadecimal digits. */
const DIGIT = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Ids of cryptographically random bytes, fetched in bulk: the W3C random flag promises as much. */
export class RandomIdGenerator {
  readonly #pool = new Uint8Array(POOL_BYTES);
  #used = POOL_BYTES;

  generateTraceId(): string {
    return this.generateSpanId() + this.generateSpanId();
  }

  generateSpanId(): string {
    if (this.#used === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += SPAN_ID_BYTES;
    const id = hex(this.#pool, from);
    // All zeros means "no id"; it comes once in 2^64.
    return id === '0000000000000000' ? this.generateSpanId() : id;
  }
}

/** Eight bytes as text. Written out: a native call for so few bytes costs twice as much. */
function hex(bytes: Uint8Array, from: number): string {
  const at = (index: number): number => bytes[from + index] as number;
  const high = (index: number): number => DIGIT[at(index) >> 4] as number;
  const low = (index: number): number => DIGIT[at(index) & 15] as number;
  return String.fromCharCode(
    high(0),
    low(0),
    high(1),
    low(1),
    high(2),
    low(2),
    high(3),
    low(3),
    high(4),
    low(4),
    high(5),
    low(5),
    high(6),
    low(6),
    high(7),
    low(7),
  );
}
