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
  const tokenHash = token === undefined ? undefined : sha256(token);
  return ({ origin, host, authorization }) => {
    if (origin !== undefined) {
      const page = JSON.stringify(origin.slice(0, 100));
      throw new ThroughlineError('TL_FORBIDDEN_HOST', `web pages, here of ${page}, may not send`);
    }
    if (tokenHash !== undefined) checkToken(authorization, tokenHash);
    else checkHost(host);
  };
}

function checkHost(header: string | undefined): void {
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(header ?? '');
  const host = (name?.[1] ?? name?.[2] ?? '').toLowerCase();
  if (host === 'localhost' || isIP(host) !== 0) return;
  throw new ThroughlineError(
    'TL_FORBIDDEN_HOST',
    `the Host header names ${JSON.stringify(host.slice(0, 100))}, which is not this server`,
    { hint: 'Call it by its address or as localhost, or start it with --token.' },
  );
}

function checkToken(header: string | undefined, expectedHash: Buffer): void {
  const sent = /^bearer +(.+)$/i.exec(header ?? '')?.[1];
  // Hashes are equally long, which the constant-time comparison needs.
  if (sent !== undefined && timingSafeEqual(sha256(sent), expectedHash)) return;
  throw new ThroughlineError(
    'TL_UNAUTHORIZED',
    sent === undefined ? 'no bearer token' : 'the bearer token is not the one of this server',
    { hint: 'Set OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer <token>".' },
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
