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

/** Of the process' threads each has its own. */
export const ids = new RandomIdGenerator();

/** Eight bytes as text. Written out: a native call for so few bytes costs twice as much. */
function hex(bytes: Uint8Array, from: number): string {
  return String.fromCharCode(
    high(bytes, from),
    low(bytes, from),
    high(bytes, from + 1),
    low(bytes, from + 1),
    high(bytes, from + 2),
    low(bytes, from + 2),
    high(bytes, from + 3),
    low(bytes, from + 3),
    high(bytes, from + 4),
    low(bytes, from + 4),
    high(bytes, from + 5),
    low(bytes, from + 5),
    high(bytes, from + 6),
    low(bytes, from + 6),
    high(bytes, from + 7),
    low(bytes, from + 7),
  );
}

function high(bytes: Uint8Array, at: number): number {
  return DIGIT[(bytes[at] as number) >> 4] as number;
}

function low(bytes: Uint8Array, at: number): number {
  return DIGIT[(bytes[at] as number) & 15] as number;
}
