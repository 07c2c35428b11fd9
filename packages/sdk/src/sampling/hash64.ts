/** The prime of 64-bit FNV-1a is 2^40 + this. */
const FNV_PRIME_LOW = 0x1b3;

/**
 * A 64-bit hash in two 32-bit halves, since JavaScript has no fast 64-bit integer: FNV-1a over
 * bytes, then the 64-bit finalizer of MurmurHash3, without which the bits of short inputs are not
 * well mixed.
 */
export class Hash64 {
  /** The first half of the state, a signed integer. */
  high = 0xcbf29ce4 | 0;
  /** The second half. */
  low = 0x84222325 | 0;

  addByte(byte: number): void {
    const low = this.low ^ byte;
    const product0 = (low & 0xffff) * FNV_PRIME_LOW;
    const product1 = (low >>> 16) * FNV_PRIME_LOW + (product0 >>> 16);
    this.high = (Math.imul(this.high, FNV_PRIME_LOW) + (product1 >>> 16) + (low << 8)) | 0;
    this.low = (product1 << 16) | (product0 & 0xffff);
  }

  /** Adds the text's UTF-8 bytes; half a surrogate pair counts as U+FFFD, as encoders have it. */
  addText(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) {
        this.addByte(unit);
        continue;
      }
      const point = text.codePointAt(index) ?? 0;
      if (point > 0xffff) index += 1;
      this.#addCodePoint(point >= 0xd800 && point <= 0xdfff ? 0xfffd : point);
    }
  }

  finish(): void {
    this.#mix();
    this.#multiply(0xff51afd7, 0xed558ccd);
    this.#mix();
    this.#multiply(0xc4ceb9fe, 0x1a85ec53);
    this.#mix();
  }

  /** @param point from U+0080 */
  #addCodePoint(point: number): void {
    if (point < 0x800) {
      this.addByte(0xc0 | (point >> 6));
    } else {
      if (point < 0x10000) {
        this.addByte(0xe0 | (point >> 12));
      } else {
        this.addByte(0xf0 | (point >> 18));
        this.addByte(0x80 | ((point >> 12) & 0x3f));
      }
      this.addByte(0x80 | ((point >> 6) & 0x3f));
    }
    this.addByte(0x80 | (point & 0x3f));
  }

  /** `state ^= state >>> 33` */
  #mix(): void {
    this.low ^= this.high >>> 1;
  }

  /** `state *= factor`, modulo 2^64. */
  #multiply(factorHigh: number, factorLow: number): void {
    const { high, low } = this;
    const a0 = low & 0xffff;
    const a1 = low >>> 16;
    const b0 = factorLow & 0xffff;
    const b1 = factorLow >>> 16;
    const middle = a1 * b0 + ((a0 * b0) >>> 16);
    const carry = a1 * b1 + Math.floor((a0 * b1 + (middle & 0xffff)) / 0x10000) + (middle >>> 16);
    this.high = (carry + Math.imul(high, factorLow) + Math.imul(low, factorHigh)) | 0;
    this.low = Math.imul(low, factorLow);
  }
}
