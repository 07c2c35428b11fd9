import { randomFillSync } from 'node:crypto';
import type { IdGenerator } from '@opentelemetry/sdk-trace';

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const POOL_BYTES = 8_192;

/** Ids of cryptographically random bytes, fetched in bulk: the W3C random flag promises as much. */
export class RandomIdGenerator implements IdGenerator {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  generateTraceId(): string {
    return this.#take(TRACE_ID_BYTES);
  }

  generateSpanId(): string {
    return this.#take(SPAN_ID_BYTES);
  }

  #take(bytes: number): string {
    if (this.#used + bytes > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes;
    const id = this.#pool.toString('hex', from, this.#used);
    // All zeros means "no id"; it comes once in 2^64.
    return /[1-9a-f]/.test(id) ? id : this.#take(bytes);
  }
}
