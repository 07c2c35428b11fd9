import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drainPending, Session } from 'chdb';
import { parseParameter } from './parameters.ts';
import type { OpenMessage, ParentMessage, ReadyMessage } from './protocol.ts';

/**
 * The engine's process: chdb, spoken to in the part of ClickHouse's HTTP interface that
 * `@clickhouse/client` uses. It is a process of its own because a native crash, or an exit with
 * queries in flight, takes the whole process down.
 */

/** Queries that run or wait; chdb itself runs those with parameters one after the other. */
const QUERIES_MAX = 64;
const TOO_MANY_SIMULTANEOUS_QUERIES = 202;
const AUTHENTICATION_FAILED = 516;
const UNKNOWN_SETTING = 115;

/** ClickHouse's own bound on a URL; parameters travel there. */
const URL_BYTES_MAX = 1024 * 1024;
const BODY_BYTES_MAX = 1024 * 1024;

/** Parameters of the HTTP interface that are not settings. */
const NOT_SETTINGS = new Set(['query', 'query_id', 'database', 'default_format', 'session_id']);

/** Caches are small: segments are read once, and the tables' own pages are in the page cache. */
function engineArguments(memoryBytesMax: number): string[] {
  return [
    '--mark_cache_size=67108864',
    '--index_mark_cache_size=16777216',
    '--primary_index_cache_size=67108864',
    '--query_condition_cache_size=1048576',
    '--async_insert=0',
    `--max_server_memory_usage=${memoryBytesMax}`,
    `--max_memory_usage=${Math.floor(memoryBytesMax * 0.75)}`,
  ];
}

class QueryError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

let session: Session | undefined;
let passwordHash: Buffer | undefined;
let queries = 0;

const server = createServer({ maxHeaderSize: URL_BYTES_MAX }, (request, response) => {
  answer(request, response).catch((error: unknown) => answerError(response, error));
});

process.on('message', (message: ParentMessage) => {
  void (message.type === 'open' ? open(message) : close());
});

// Without its server the child has nothing to do, and the next server needs the directory. Killing
// is the one safe way out while native threads work; what is stored survives it (the journal holds
// the rest).
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

// Ctrl-C reaches the whole process group; the server decides when the engine stops.
process.on('SIGINT', () => undefined);

async function open({ path, password, memoryBytesMax }: OpenMessage): Promise<void> {
  passwordHash = hash(password);
  session = new Session(path, { connectionArgs: engineArguments(memoryBytesMax) });
  const version = await session.queryAsync('SELECT version()', { format: 'TabSeparated' });
  server.listen(0, '127.0.0.1', () => {
    const ready: ReadyMessage = {
      type: 'ready',
      port: (server.address() as AddressInfo).port,
      version: version.text().trim(),
    };
    process.send?.(ready);
  });
}

async function close(): Promise<void> {
  server.close();
  server.closeIdleConnections();
  await drainPending();
  session?.close();
  await drainPending();
  process.exit(0);
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function authenticate(request: IncomingMessage): void {
  const [, credentials = ''] = (request.headers.authorization ?? '').split('Basic ');
  const [, password = ''] = Buffer.from(credentials, 'base64').toString().split(/:(.*)/s);
  if (!passwordHash || !timingSafeEqual(hash(password), passwordHash)) {
    throw new QueryError(AUTHENTICATION_FAILED, 'Authentication failed. (AUTHENTICATION_FAILED)');
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  authenticate(request);
  if (queries >= QUERIES_MAX) {
    throw new QueryError(
      TOO_MANY_SIMULTANEOUS_QUERIES,
      'Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)',
    );
  }
  queries += 1;
  try {
    const body = await readBody(request);
    const query = [url.searchParams.get('query') ?? '', body].join('\n').trim();
    const result = await run(query, url.searchParams);
    response.setHeader('X-ClickHouse-Query-Id', url.searchParams.get('query_id') ?? '');
    response.setHeader(
      'X-ClickHouse-Summary',
      JSON.stringify({
        read_rows: String(result.rowsRead),
        read_bytes: String(result.bytesRead),
        elapsed_ns: String(Math.round(result.elapsed * 1e9)),
      }),
    );
    response.end(result.bytes());
  } finally {
    queries -= 1;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new QueryError(0, 'the query is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function run(query: string, search: URLSearchParams) {
  if (!session) throw new QueryError(0, 'the engine is not open');
  const parameters: Record<string, unknown> = {};
  const settings: string[] = [];
  for (const [name, value] of search) {
    if (name.startsWith('param_')) parameters[name.slice('param_'.length)] = parseParameter(value);
    else if (!NOT_SETTINGS.has(name)) settings.push(setting(name, value));
  }
  // `readonly` has to come last: no setting can be changed behind it.
  settings.sort((a, b) => Number(a.startsWith('readonly=')) - Number(b.startsWith('readonly=')));
  const text = settings.length > 0 ? `${query}\nSETTINGS ${settings.join(', ')}` : query;
  const options = { format: search.get('default_format') ?? 'TabSeparated' };
  return Object.keys(parameters).length > 0
    ? session.queryBindAsync(text, parameters, options)
    : session.queryAsync(text, options);
}

function setting(name: string, value: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new QueryError(UNKNOWN_SETTING, `Unknown setting ${name}. (UNKNOWN_SETTING)`);
  }
  return `${name}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function answerError(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof QueryError ? error.code : Number(/Code: (\d+)/.exec(message)?.[1]);
  response.statusCode = code === AUTHENTICATION_FAILED ? 401 : 500;
  response.setHeader('X-ClickHouse-Exception-Code', String(code || 0));
  response.end(
    /^Code: \d+/.test(message) ? message : `Code: ${code || 0}. DB::Exception: ${message}`,
  );
}
