import { errorResponseSchema, ThroughlineError } from '@throughline/model';

const DEADLINE_MS = 10_000;

/** Where the server is, and the token that it asks readers for. */
export interface ServerAddress {
  readonly url: string;
  readonly token: string | undefined;
}

export interface Answer<Value> {
  /** Of the server, without what else was in the URL. */
  origin: string;
  value: Value;
  /** The JSON that the server sent. */
  body: unknown;
}

/** What every schema of the model can do. */
interface Parser<Value> {
  safeParse(body: unknown): { success: true; data: Value } | { success: false; error: Error };
}

/**
 * Asks a running server for one of its resources.
 *
 * @param path from the root of its API, such as `status`
 * @throws ThroughlineError `TL_CONFIG_INVALID` for what is no address; `TL_SERVER_UNREACHABLE` when no
 *   server of ours answers there; else what the server says, such as `TL_UNAUTHORIZED`
 */
export async function requestJson<Value>(
  { url, token }: ServerAddress,
  path: string,
  parser: Parser<Value>,
): Promise<Answer<Value>> {
  const address = addressOf(url, path);
  const { origin } = address;
  const response = await ask(address, token);
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusalOf(origin, body);
  const parsed = parser.safeParse(body);
  if (parsed.success) return { origin, value: parsed.data, body };
  throw stranger(origin, parsed.error);
}

function addressOf(url: string, path: string): URL {
  const base = URL.parse(url);
  if (base && /^https?:$/.test(base.protocol) && base.username === '') {
    return new URL(`api/${path}`, `${base.origin}${base.pathname.replace(/\/?$/, '/')}`);
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
