import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken, checkHost, foreignOrigin, tokenCheck } from '../access.ts';

const COOKIE = 'throughline_token';

/** What the pages may do: load from this server only, nothing inline, and nowhere be framed. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export interface GuardOptions {
  /** When set, everything below /api asks for it, as a bearer token or as the cookie set at sign-in. */
  token: string | undefined;
}

/**
 * Refuses what a browser may have been tricked into: a Host header that is not ours (DNS rebinding), a
 * request from another origin. With a token, refuses every /api request that does not carry it; opening
 * any page with `?token=` once signs the browser in.
 */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  const isToken = options.token === undefined ? undefined : tokenCheck(options.token);

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    const { host, origin } = request.headers;
    if (origin !== undefined && URL.parse(origin)?.host !== host) throw foreignOrigin(origin);
    if (isToken === undefined) checkHost(host);
    else await authenticate(request, reply, isToken);
  });
}

async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  isToken: (given: string | undefined) => boolean,
): Promise<void> {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname.startsWith('/api/')) {
    const { authorization, cookie } = request.headers;
    if (isToken(bearerToken(authorization) ?? tokenCookie(cookie))) return;
    throw new ThroughlineError('TL_UNAUTHORIZED', 'a token is needed', {
      hint: 'Send Authorization: Bearer TOKEN, or open the page with ?token=TOKEN once.',
    });
  }
  const given = url.searchParams.get('token') ?? undefined;
  if (given === undefined || !isToken(given)) return;
  url.searchParams.delete('token');
  const value = `${COOKIE}=${encodeURIComponent(given)}; Path=/; HttpOnly; SameSite=Strict`;
  await reply.header('set-cookie', value).redirect(`${url.pathname}${url.search}`, 303);
}

function tokenCookie(header: string | undefined): string | undefined {
  const value = new RegExp(`(?:^|; )${COOKIE}=([^;]{1,3072})`).exec(header ?? '')?.[1];
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
