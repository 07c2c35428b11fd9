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
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      throw new ThroughlineError('TL_PORT_IN_USE', `port ${port} (${what}) is in use`, {
        hint: `Stop what uses it, or choose another with --${what}-port (0 picks a free one).`,
        cause,
      });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
      const message = `cannot listen on ${host}:${port} (${what}): ${code}`;
      throw new ThroughlineError('TL_CONFIG_INVALID', message, { cause });
    }
    throw cause;
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** The URL under which a person or a service on this machine reaches the port. */
export function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
  return `http://${reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]` : reachable}:${port}`;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

/** Whether the host is this machine's own, so that nobody else can reach what listens there. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}
