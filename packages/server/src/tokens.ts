import { createHash, timingSafeEqual } from 'node:crypto';
import { ThroughlineError } from '@throughline/model';

const WINDOW_MS = 1_000;
/** Different wrong tokens that one address may try in a second. */
const TRIES_MAX = 20;
/** Addresses that are counted in a second; more of them at once are let through uncounted. */
const ADDRESSES_MAX = 1_000;
/** Wrong tokens that are remembered. */
const WRONG_MAX = 1_000;

/**
 * One token, and who tried to guess it. What keeps a guesser out is the token's length; the limit
 * makes guessing slow for short ones. Only tokens that were not tried before count, so a fleet of
 * services that all have the same outdated token never shuts out its neighbours.
 */
export class Token {
  readonly #expected: Buffer;
  /** Digests; in the order in which they came, so that the oldest go first. */
  readonly #wrong = new Set<string>();
  readonly #tries = new Map<string, number>();
  #windowEndMs = 0;

  constructor(token: string) {
    this.#expected = sha256(token);
  }

  /**
   * Tells whether a text is the token, in the same time whatever the text is.
   *
   * @param address of who sent it
   * @throws ThroughlineError `TL_OVERLOADED` when this address tries too many different ones
   */
  is(given: string, address: string): boolean {
    const nowMs = performance.now();
    if (nowMs >= this.#windowEndMs) {
      this.#tries.clear();
      this.#windowEndMs = nowMs + WINDOW_MS;
    }
    const tries = this.#tries.get(address) ?? 0;
    if (tries >= TRIES_MAX) {
      throw new ThroughlineError('TL_OVERLOADED', 'too many different tokens from this address', {
        hint: 'Wait a second, and send the token of this server.',
      });
    }
    // Hashing makes both sides equally long, which the constant-time comparison needs.
    const digest = sha256(given);
    if (timingSafeEqual(digest, this.#expected)) return true;
    if (!this.#isKnownWrong(digest.toString('latin1')) && this.#tries.size < ADDRESSES_MAX) {
      this.#tries.set(address, tries + 1);
    }
    return false;
  }

  #isKnownWrong(digest: string): boolean {
    if (this.#wrong.has(digest)) return true;
    this.#wrong.add(digest);
    const [oldest] = this.#wrong;
    if (this.#wrong.size > WRONG_MAX && oldest !== undefined) this.#wrong.delete(oldest);
    return false;
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
