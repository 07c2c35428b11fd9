import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { ThroughlineError } from '@throughline/model';
import { Token } from './tokens.ts';

/**
 * Throws when a request with these headers may not come in.
 *
 * @param address of the sender; senders that are not told apart share the limit on wrong tokens
 */
export type AccessCheck = (headers: IncomingHttpHeaders, address?: string) => void;

/** Throws `TL_FORBIDDEN_HOST` for a Host header that does not name this server. */
export type HostCheck = (header: string | undefined) => void;

/**
 * The check of a port that only programs call. Whatever has an Origin is a web page, and refused.
 * Without a token, which a page cannot know, names are refused that DNS could rebind to this
 * machine.
 *
 * @param token when given, every request must carry it as `Authorization: Bearer <token>`
 * @param publicHosts see {@link hostCheck}
 * @returns a check that throws `TL_FORBIDDEN_HOST`, `TL_UNAUTHORIZED`, or `TL_OVERLOADED` for a
 *   sender that guesses
 */
export function accessCheck(
  token: string | undefined,
  publicHosts: readonly string[] = [],
): AccessCheck {
  const expected = token === undefined ? undefined : new Token(token);
  const checkHost = hostCheck(publicHosts, { hasToken: token !== undefined });
  return ({ origin, host, authorization }, address = '') => {
    if (origin !== undefined) throw foreignOrigin(origin);
    checkHost(host);
    if (expected === undefined) return;
    const sent = bearerToken(authorization);
    if (sent !== undefined && expected.is(sent, address)) return;
    throw new ThroughlineError(
      'TL_UNAUTHORIZED',
      sent === undefined ? 'no bearer token' : 'the bearer token is not the one for sending',
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
 * The check of the Host header: localhost, addresses and the public names pass; no other name, since
 * its owner could have DNS point it at this machine and so make a page of theirs one of ours.
 *
 * With a token and no public names every name passes: a page under a foreign name has neither the
 * token nor the cookie, which the browser keeps for the name under which it was set.
 *
 * @param publicHosts names under which people and services reach this server, as
 *   {@link parsePublicHosts} returns them
 */
export function hostCheck(
  publicHosts: readonly string[],
  { hasToken }: { hasToken: boolean },
): HostCheck {
  if (hasToken && publicHosts.length === 0) return () => undefined;
  const names = new Set(['localhost', ...publicHosts]);
  return (header) => {
    const name = hostnameOf(header ?? '');
    if (name !== undefined && (names.has(name) || isIP(name) !== 0)) return;
    const called = JSON.stringify((name ?? header ?? '').slice(0, 100));
    throw new ThroughlineError(
      'TL_FORBIDDEN_HOST',
      `the Host header names ${called}, which is not this server`,
      { hint: 'Call it by its address or as localhost, or start it with --public-host NAME.' },
    );
  };
}

/** The name or address in a Host header, in lower case, without port, brackets and final dot. */
function hostnameOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2]?.replace(/\.$/, ''))?.toLowerCase();
}

const PUBLIC_HOST =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * The names of `--public-host`.
 *
 * @param text names separated by commas; undefined for none
 * @throws ThroughlineError `TL_CONFIG_INVALID`
 */
export function parsePublicHosts(text: string | undefined): string[] {
  if (text === undefined) return [];
  return text.split(',').map((part) => {
    const name = part.trim().toLowerCase().replace(/\.$/, '');
    if (PUBLIC_HOST.test(name)) return name;
    throw new ThroughlineError(
      'TL_CONFIG_INVALID',
      `--public-host: ${JSON.stringify(part.slice(0, 100))} is not a host name`,
      { hint: 'Give names without scheme and port, such as traces.example.' },
    );
  });
}

/** What follows `Bearer` in an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +(.+)$/i.exec(header ?? '')?.[1];
}
