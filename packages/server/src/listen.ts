import { isIPv4, isIPv6 } from 'node:net';
import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance } from 'fastify';

/**
 * Starts to listen.
 *
 * @param what names the port in the error, such as `ui`
 * @returns the port, chosen freely when 0 was asked for
 * @throws ThroughlineError `TL_PORT_IN_USE`, or `TL_CONFIG_INVALID` for a host that is not ours
 */
export async function listen(
  app: FastifyInstance,
  what: string,
  { host, port }: { host: string; port: number },
): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw listenFailure(cause, what, { host, port });
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/**
 * What to throw when listening failed.
 *
 * @param what names the port in the flag `--<what>-port`
 * @returns `TL_PORT_IN_USE`, `TL_CONFIG_INVALID`, or what was caught when it is neither
 */
export function listenFailure(
  cause: unknown,
  what: string,
  { host, port }: { host: string; port: number },
): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    return new ThroughlineError('TL_PORT_IN_USE', `port ${port} (${what}) is in use`, {
      hint: `Stop what uses it, or choose another with --${what}-port (0 picks a free one).`,
      cause,
    });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
    const message = `cannot listen on ${host}:${port} (${what}): ${code}`;
    return new ThroughlineError('TL_CONFIG_INVALID', message, { cause });
  }
  return cause;
}

/** Where the server's TCP ports are. */
export interface Address {
  host: string;
  isSecure: boolean;
}

/** The URL under which a person or a service on this machine reaches the port. */
export function urlOf({ host, isSecure }: Address, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const name = isIPv6(reachable) ? `[${reachable}]` : reachable;
  return `${isSecure ? 'https' : 'http'}://${name}:${port}`;
}

/** Whether the host is this machine's own, so that nobody else can reach what listens there. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}
