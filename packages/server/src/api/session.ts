import { createHmac, timingSafeEqual } from 'node:crypto';

const SESSION_S = 30 * 24 * 3600;

/**
 * The cookie with which a browser stays signed in. It holds no token: what a browser keeps, or shows
 * to whatever else runs on the same host, is good for reading pages until it expires, and for
 * nothing else. It is derived from the token, so it outlives a restart and ends when the token is
 * changed.
 */
export class Session {
  readonly #token: string;
  readonly #isSecure: boolean;
  readonly #name: string;

  /** @param isSecure whether the port speaks TLS */
  constructor(token: string, isSecure: boolean) {
    this.#token = token;
    this.#isSecure = isSecure;
    // Browsers share cookies among all ports of a host: servers with different tokens need
    // different names. The prefix has the browser refuse it from anyone but this host, by TLS.
    const suffix = this.#digest('name').toString('hex').slice(0, 8);
    this.#name = `${isSecure ? '__Host-' : ''}throughline_${suffix}`;
  }

  /** The value of the Set-Cookie header that signs a browser in. */
  cookie(nowMs: number): string {
    const expiresS = Math.floor(nowMs / 1000) + SESSION_S;
    const proof = this.#digest(`until ${expiresS}`).toString('base64url');
    const attributes = `Path=/; Max-Age=${SESSION_S}; HttpOnly; SameSite=Strict`;
    return `${this.#name}=${expiresS}.${proof}; ${attributes}${this.#isSecure ? '; Secure' : ''}`;
  }

  /** Whether a Cookie header holds a cookie of ours that is still good. */
  isIn(header: string | undefined, nowMs: number): boolean {
    for (const part of (header ?? '').split(';')) {
      const [name, value = ''] = part.trim().split('=', 2);
      if (name === this.#name && this.#isValid(value, nowMs)) return true;
    }
    return false;
  }

  #isValid(value: string, nowMs: number): boolean {
    const [, expiresS = '', proof = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
    if (proof === '' || Number(expiresS) * 1000 <= nowMs) return false;
    const expected = this.#digest(`until ${expiresS}`);
    return timingSafeEqual(Buffer.from(proof, 'base64url'), expected);
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#token).update(`throughline session ${text}`).digest();
  }
}
