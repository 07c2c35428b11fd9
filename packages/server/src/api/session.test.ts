import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Session } from './session.ts';

const NOW_MS = 1_700_000_000_000;
const DAY_MS = 24 * 3600 * 1000;

/** What a browser sends back of a Set-Cookie header. */
function sent(setCookie: string): string {
  return setCookie.split(';', 1).join('');
}

test('a cookie is good for its server until it expires, among others and alone', () => {
  const session = new Session('secret', false);
  const cookie = sent(session.cookie(NOW_MS));
  expect(session.isIn(cookie, NOW_MS)).toBe(true);
  expect(session.isIn(`theme=dark; ${cookie}; other=1`, NOW_MS + 29 * DAY_MS)).toBe(true);
  expect(session.isIn(cookie, NOW_MS + 30 * DAY_MS)).toBe(false);
  expect(new Session('secret', false).isIn(cookie, NOW_MS)).toBe(true);
});

test('a cookie of another token is none, and does not displace ours in the browser', () => {
  const other = sent(new Session('other', false).cookie(NOW_MS));
  const session = new Session('secret', false);
  expect(session.isIn(other, NOW_MS)).toBe(false);
  expect(sent(session.cookie(NOW_MS)).split('=')[0]).not.toBe(other.split('=')[0]);
});

test('the expiry cannot be put off, nor a cookie be made up', () => {
  const session = new Session('secret', false);
  const cookie = sent(session.cookie(NOW_MS));
  const [name, value] = cookie.split('=') as [string, string];
  const later = `${name}=${value.replace(/^\d+/, '9999999999')}`;
  expect(session.isIn(later, NOW_MS)).toBe(false);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text !== value);
      expect(session.isIn(`${name}=${text}`, NOW_MS)).toBe(false);
      expect(session.isIn(text, NOW_MS)).toBe(false);
    }),
  );
  expect(session.isIn(undefined, NOW_MS)).toBe(false);
});

test('the token is not in the cookie, which scripts and other sites do not get', () => {
  const cookie = new Session('secret-of-the-server', false).cookie(NOW_MS);
  expect(cookie).not.toContain('secret');
  expect(cookie).toContain('; HttpOnly; SameSite=Strict');
  expect(cookie).not.toContain('Secure');
});

test('under TLS the cookie goes over TLS only, to this host only', () => {
  const session = new Session('secret', true);
  const cookie = session.cookie(NOW_MS);
  expect(cookie).toMatch(/^__Host-throughline_[0-9a-f]{8}=.*; Path=\/;.*; Secure$/);
  expect(cookie).not.toContain('Domain');
  expect(session.isIn(sent(cookie), NOW_MS)).toBe(true);
});
