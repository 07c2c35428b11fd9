import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { ThroughlineError } from '@throughline/model';

/** Throws when a request with these headers may not come in. */
export type AccessCheck = (headers: IncomingHttpHeaders) => void;

/**
 * The check of a port that only programs call. Whatever has an Origin is a web page, and refused.
 * Without a token, which a page cannot know, names are refused that DNS could rebind to this
 * machine.
 *
 * @param token when given, every request must carry it as `Authorization: Bearer <token>`
 * @returns a check that throws `TL_FORBIDDEN_HOST` or `TL_UNAUTHORIZED`
 */
export function accessCheck(token: string | undefined): AccessCheck {
  const isToken = token === undefined ? undefined : tokenCheck(token);
  return ({ origin, host, authorization }) => {
    if (origin !== undefined) throw foreignOrigin(origin);
    if (isToken === undefined) {
      checkHost(host);
      return;
    }
    const sent = bearerToken(authorization);
    if (isToken(sent)) return;
    throw new ThroughlineError(
      'TL_UNAUTHORIZED',
      sent === undefined ? 'no bearer token' : 'the bearer token is not the one of this server',
      { hint: 'Set OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer <token>".' },
    );
  };
}

/** The refusal of a page of another origin. */
export function foreignOrigin(origin: string): ThroughlineError {
  const page = JSON.stringify(origin.slice(0, 100));
  return new ThroughlineError('TL_FORBIDDEN_HOST', `web pages, here of ${page}, may not call`);
}

/**
 * Refuses a Host header that DNS could rebind to this machine: only localhost and addresses are served.
 *
 * @throws ThroughlineError `TL_FORBIDDEN_HOST`
 */
export function checkHost(header: string | undefined): void {
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(header ?? '');
  const host = (name?.[1] ?? name?.[2] ?? '').toLowerCase();
  if (host === 'localhost' || isIP(host) !== 0) return;
  throw new ThroughlineError(
    'TL_FORBIDDEN_HOST',
    `the Host header names ${JSON.stringify(host.slice(0, 100))}, which is not this server`,
    { hint: 'Call it by its address or as localhost, or start it with --token.' },
  );
}

/** What follows `Bearer` in an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +(.+)$/i.exec(header ?? '')?.[1];
}

/** Tells whether a text is the token, in the same time whatever the text is. */
export function tokenCheck(token: string): (given: string | undefined) => boolean {
  // Hashing makes both sides equally long, which the constant-time comparison needs.
  const expected = sha256(token);
  return (given) => given !== undefined && timingSafeEqual(sha256(given), expected);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
