import {
  errorResponseSchema,
  type StatusResponse,
  statusResponseSchema,
  ThroughlineError,
} from '@throughline/model';

const DEADLINE_MS = 10_000;

export interface StatusAnswer {
  /** Of the server, without what else was in the URL. */
  origin: string;
  status: StatusResponse;
  /** The JSON that the server sent. */
  body: unknown;
}

/**
 * Asks a running server how it is.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` for what is no address; `TL_SERVER_UNREACHABLE` when no
 *   server of ours answers there; else what the server says, such as `TL_UNAUTHORIZED`
 */
export async function requestStatus(url: string, token: string | undefined): Promise<StatusAnswer> {
  const address = addressOf(url);
  const { origin } = address;
  const response = await ask(address, token);
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusalOf(origin, body);
  const parsed = statusResponseSchema.safeParse(body);
  if (parsed.success) return { origin, status: parsed.data, body };
  throw stranger(origin, parsed.error);
}

function addressOf(url: string): URL {
  const base = URL.parse(url);
  if (base && /^https?:$/.test(base.protocol) && base.username === '') {
    return new URL('api/status', `${base.origin}${base.pathname.replace(/\/?$/, '/')}`);
  }
  throw new ThroughlineError('TL_CONFIG_INVALID', '--url is no http or https address', {
    hint: 'Such as http://127.0.0.1:16686; a token is given with --token.',
  });
}

async function ask(address: URL, token: string | undefined): Promise<Response> {
  try {
    return await fetch(address, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      // Whoever answers elsewhere is not to have the token.
      redirect: 'error',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch (cause) {
    const message = `no server answers at ${address.origin} (${reasonOf(cause)})`;
    throw new ThroughlineError('TL_SERVER_UNREACHABLE', message, {
      hint: 'Start it with `throughline serve`, or name it with --url: https when it speaks TLS.',
      cause,
    });
  }
}

/** What the network says is in the cause of what `fetch` says. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

function refusalOf(origin: string, body: unknown): ThroughlineError {
  const parsed = errorResponseSchema.safeParse(body);
  if (!parsed.success) return stranger(origin, parsed.error);
  const { code, message, hint } = parsed.data.error;
  if (code === 'TL_UNAUTHORIZED') {
    return new ThroughlineError(code, 'the server asks readers for a token, and this is not it', {
      hint: 'Set THROUGHLINE_READ_TOKEN or THROUGHLINE_TOKEN, or give --token.',
    });
  }
  return new ThroughlineError(code, message, hint === undefined ? {} : { hint });
}

function stranger(origin: string, cause: unknown): ThroughlineError {
  const message = `what answers at ${origin} is no Throughline server of this version`;
  return new ThroughlineError('TL_SERVER_UNREACHABLE', message, {
    hint: 'Name the address of its web application with --url.',
    cause,
  });
}
