import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken, foreignOrigin, hostCheck } from '../access.ts';
import { Token } from '../tokens.ts';
import { Session } from './session.ts';

/**
 * What the pages may do: run, show and ask what comes from this server only, nothing inline, send no
 * form, and nowhere be framed.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // Routes whose answers may be kept say so themselves.
  'cache-control': 'no-store',
};

/** Half a year, this host only: what else runs under its domain is not ours to decide about. */
const STRICT_TRANSPORT_SECURITY = 'max-age=15552000';

/** What asks for no token: whether the process is well, and the pages, which hold no data. */
const OPEN_ROUTES = new Set(['/healthz', '/readyz', '/*']);

/** Of every answer. */
export function securityHeaders(isSecure: boolean): Readonly<Record<string, string>> {
  if (!isSecure) return SECURITY_HEADERS;
  return { ...SECURITY_HEADERS, 'strict-transport-security': STRICT_TRANSPORT_SECURITY };
}

interface GuardOptions {
  /**
   * When set, every route but the open ones asks for it, as a bearer token or as the cookie set at
   * sign-in.
   */
  token: string | undefined;
  /** As `hostCheck` takes them. */
  publicHosts: readonly string[];
  /** Whether the port speaks TLS. */
  isSecure: boolean;
}

/**
 * Refuses what a browser may have been tricked into: a Host header that is not ours (DNS rebinding), a
 * request from another origin. With a token, refuses every request that does not carry it; opening any
 * page with `?token=` once signs the browser in.
 */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  const { token, publicHosts, isSecure } = options;
  const checkHost = hostCheck(publicHosts, { hasToken: token !== undefined });
  const door = token === undefined ? undefined : new Door(token, isSecure);
  const headers = securityHeaders(isSecure);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    checkHost(request.headers.host);
    checkOrigin(request, publicHosts);
    await door?.check(request, reply);
  });
}

/**
 * Old browsers tell the origin of some requests only, new ones whether a request of any kind comes
 * from our own page. A link on another page may lead to one of ours, but to no answer of the API.
 */
function checkOrigin({ headers, routeOptions }: FastifyRequest, publicHosts: readonly string[]) {
  const { origin } = headers;
  if (origin !== undefined && !isOwn(origin, headers.host, publicHosts))
    throw foreignOrigin(origin);
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  if (!isOpen(routeOptions.url)) throw foreignOrigin(`a ${site} request`);
}

/** A proxy that ends TLS may call us by another name than the browser calls it. */
function isOwn(origin: string, host: string | undefined, publicHosts: readonly string[]): boolean {
  const page = URL.parse(origin);
  if (page === null) return false;
  const own = URL.parse(`${page.protocol}//${host}`);
  return page.host === own?.host || publicHosts.includes(page.hostname);
}

function isOpen(route: string | undefined): boolean {
  return route !== undefined && OPEN_ROUTES.has(route);
}

/** Asks for the token. */
class Door {
  readonly #token: Token;
  readonly #session: Session;

  constructor(token: string, isSecure: boolean) {
    this.#token = new Token(token);
    this.#session = new Session(token, isSecure);
  }

  /** By the route that was found, not by the path, which can be written in many ways. */
  async check(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isOpen(request.routeOptions.url) && !request.url.startsWith('/api/')) {
      await this.#signIn(request, reply);
      return;
    }
    const { authorization, cookie } = request.headers;
    const sent = bearerToken(authorization);
    if (sent === undefined ? this.#session.isIn(cookie, Date.now()) : this.#is(sent, request)) {
      return;
    }
    reply.header('www-authenticate', 'Bearer');
    throw new ThroughlineError('TL_UNAUTHORIZED', 'a token for reading is needed', {
      hint: 'Send Authorization: Bearer TOKEN, or open the page with ?token=TOKEN once.',
    });
  }

  async #signIn(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const [path = '', search] = request.url.split('?', 2);
    const parameters = new URLSearchParams(search);
    const given = parameters.get('token');
    if (given === null || !this.#is(given, request)) return;
    parameters.delete('token');
    // One slash only: two would name another host.
    const page = `/${path.replace(/^[/\\]+/, '')}${parameters.size > 0 ? `?${parameters}` : ''}`;
    await reply.header('set-cookie', this.#session.cookie(Date.now())).redirect(page, 303);
  }

  #is(given: string, request: FastifyRequest): boolean {
    return this.#token.is(given, request.ip);
  }
}
