import { createHash, timingSafeEqual } from 'node:crypto';
import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const COOKIE = 'throughline_token';

/**
 * What the pages may do: load from this server only, nothing inline, and nowhere be framed.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether the host is this machine's own, so that nobody else can reach what listens there. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || host === '::1';
}

export interface GuardOptions {
  /** The host that the server listens on; requests for it are served as well as those for loopback. */
  host: string;
  /** When set, everything below /api asks for it, as a bearer token or as the cookie set at sign-in. */
  token: string | undefined;
}

/**
 * Refuses what a browser may have been tricked into: a Host header that is not ours (DNS rebinding), a
 * request from another origin. With a token, refuses every /api request that does not carry it; opening
 * any page with `?token=` once signs the browser in.
 */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  const expected = options.token === undefined ? undefined : digest(options.token);
  const hosts = new Set([...LOOPBACK, options.host]);

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    if (expected === undefined && !hosts.has(hostName(request.headers.host ?? ''))) {
      throw new ThroughlineError('TL_FORBIDDEN_HOST', 'this host name is not served here', {
        hint: 'Open the address that the server printed, or bind with --host and --token.',
      });
    }
    const { origin } = request.headers;
    if (origin !== undefined && !sameHost(origin, request.headers.host)) {
      throw new ThroughlineError('TL_FORBIDDEN_HOST', 'requests from other origins are refused');
    }
    if (expected !== undefined) await authenticate(request, reply, expected);
  });
}

async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  expected: Buffer,
): Promise<void> {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname.startsWith('/api/')) {
    const given = bearer(request.headers.authorization) ?? cookie(request.headers.cookie);
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
    throw new ThroughlineError('TL_UNAUTHORIZED', 'a token is needed', {
      hint: 'Send Authorization: Bearer TOKEN, or open the page with ?token=TOKEN once.',
    });
  }
  const given = url.searchParams.get('token');
  if (given === null || !timingSafeEqual(digest(given), expected)) return;
  url.searchParams.delete('token');
  const value = `${COOKIE}=${encodeURIComponent(given)}; Path=/; HttpOnly; SameSite=Strict`;
  await reply.header('set-cookie', value).redirect(`${url.pathname}${url.search}`, 303);
}

/** Digests have one length, so comparing them takes the same time whatever was given. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function bearer(header: string | undefined): string | undefined {
  return /^Bearer (.{1,1024})$/i.exec(header ?? '')?.[1];
}

function cookie(header: string | undefined): string | undefined {
  const value = new RegExp(`(?:^|; )${COOKIE}=([^;]{1,3072})`).exec(header ?? '')?.[1];
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** The name part of a Host header: `[::1]:16686` -> `[::1]`. */
function hostName(header: string): string {
  return header.replace(/:\d+$/, '').toLowerCase();
}

function sameHost(origin: string, host: string | undefined): boolean {
  return URL.parse(origin)?.host === host;
}
