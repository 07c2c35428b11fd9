import { ThroughlineError } from '@throughline/model';
import { parsePublicHosts } from './access.ts';
import { isLoopback } from './listen.ts';
import type { TlsPaths } from './tls.ts';

/** Where others can reach the server a token must not be one that can be tried out. */
const PUBLIC_TOKEN_CHARS_MIN = 16;
/** What may stand behind `Bearer` (RFC 6750, section 2.1). */
const TOKEN = /^[\w.~+/-]{1,512}=*$/;

/** Who may reach the server, and what they must show; as the flags say it. */
export interface ExposureOptions {
  host: string;
  /** Asked of every sender when set. */
  ingestToken: string | undefined;
  /** Asked of every reader when set. */
  readToken: string | undefined;
  /**
   * Names, separated by commas, under which the server is reached besides localhost and addresses.
   */
  publicHost: string | undefined;
  /** PEM files: with certificate and key every TCP port speaks TLS. */
  tlsCert: string | undefined;
  tlsKey: string | undefined;
  /** With it senders must show a certificate that this one signed. */
  tlsClientCa: string | undefined;
}

/** The same, understood and found safe enough. */
export interface Exposure {
  /** A name or an address, without brackets. */
  host: string;
  publicHosts: readonly string[];
  tlsPaths: TlsPaths | undefined;
  /** Whether a sender must show something; UDP cannot. */
  asksSenders: boolean;
  /** What is risky all the same, one sentence each. */
  warnings: string[];
}

/**
 * Refuses to be open to the network by mistake: anything but loopback needs, for senders and for
 * readers, a token, or TLS.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID`; it never shows a token
 */
export function exposureOf(options: ExposureOptions): Exposure {
  const { ingestToken, readToken } = options;
  const host = options.host.replace(/^\[(.*)\]$/, '$1');
  const isPublic = !isLoopback(host);
  checkToken('ingest', ingestToken, isPublic);
  checkToken('read', readToken, isPublic);
  const tlsPaths = tlsPathsOf(options);
  const asksSenders = ingestToken !== undefined || tlsPaths?.clientCa !== undefined;
  const open = [
    ...(asksSenders ? [] : ['send']),
    ...(readToken === undefined ? ['read'] : []),
  ].join(' and ');
  return {
    // Under one address, so that every limit holds: localhost may stand for two.
    host: host.toLowerCase() === 'localhost' ? '127.0.0.1' : host,
    publicHosts: parsePublicHosts(options.publicHost),
    tlsPaths,
    asksSenders,
    warnings: isPublic ? risks(host, open, tlsPaths !== undefined) : [],
  };
}

/** @param open what a stranger may do, such as `send and read` */
function risks(host: string, open: string, hasTls: boolean): string[] {
  if (open === '') {
    if (hasTls) return [];
    return ['Tokens and spans cross the network unencrypted. Set --tls-cert and --tls-key.'];
  }
  if (hasTls) {
    return [`Anyone who can reach ${host} may ${open} spans; TLS alone asks nobody. Set --token.`];
  }
  const message = `listening on ${host} would let anyone on the network ${open} spans`;
  throw new ThroughlineError('TL_CONFIG_INVALID', message, {
    hint: 'Set --token (or --ingest-token and --read-token), or leave out --host.',
  });
}

function checkToken(side: string, token: string | undefined, isPublic: boolean): void {
  if (token === undefined) return;
  const charsMin = isPublic ? PUBLIC_TOKEN_CHARS_MIN : 1;
  const defect = !TOKEN.test(token)
    ? 'has characters that no Authorization header carries'
    : token.length < charsMin
      ? `has fewer than ${charsMin} characters`
      : undefined;
  if (defect === undefined) return;
  throw new ThroughlineError('TL_CONFIG_INVALID', `the ${side} token ${defect}`, {
    hint: 'Make one with `openssl rand -hex 32`.',
  });
}

function tlsPathsOf({ tlsCert, tlsKey, tlsClientCa }: ExposureOptions): TlsPaths | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa };
  }
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined;
  throw new ThroughlineError('TL_CONFIG_INVALID', 'TLS needs both --tls-cert and --tls-key');
}
