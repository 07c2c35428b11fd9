import type { IncomingMessage } from 'node:http';
import { ClickHouseException } from './exceptions.ts';
import type { Readonly } from './guard.ts';

/** Parameters of the HTTP interface that are no settings, and have no meaning here. */
const IGNORED = new Set([
  'user',
  'password',
  'quota_key',
  'stacktrace',
  'buffer_size',
  'close_session',
  'client_protocol_version',
  // Queries are found by a mark that is kept there.
  'log_comment',
]);

const SESSION_TIMEOUT_S = 60;
const SESSION_TIMEOUT_S_MAX = 3600;

/** What a request says beside its body. */
export interface QueryUrl {
  /** The statement, or its begin; the body continues it. */
  query: string;
  queryId: string;
  database: string;
  defaultFormat: string;
  /** The answer has to be complete before its first byte is sent. */
  wholeAnswer: boolean;
  httpSession: { id: string; timeoutMs: number; mustExist: boolean } | undefined;
  settings: Map<string, string>;
  readonly: Readonly;
  parameters: Map<string, string>;
}

/** @throws ClickHouseException when a parameter cannot be used */
export function parseQueryUrl(request: IncomingMessage, search: URLSearchParams): QueryUrl {
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  const http = new Map<string, string>();
  for (const [name, value] of search) {
    if (!/^\w+$/.test(name)) {
      throw new ClickHouseException('UNKNOWN_SETTING', `Unknown setting '${name}'.`);
    }
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value);
    else if (HTTP_PARAMETERS.has(name)) http.set(name, value);
    else if (!IGNORED.has(name)) settings.set(name, value);
  }
  refuse(http);
  const isRead = request.method === 'GET';
  return {
    query: http.get('query') ?? '',
    queryId: http.get('query_id') ?? '',
    database: http.get('database') ?? header(request, 'x-clickhouse-database') ?? '',
    defaultFormat:
      http.get('default_format') ?? header(request, 'x-clickhouse-format') ?? 'TabSeparated',
    wholeAnswer: http.get('wait_end_of_query') === '1',
    httpSession: httpSession(http),
    settings,
    readonly: readonlyOf(http.get('readonly'), isRead),
    parameters,
  };
}

const HTTP_PARAMETERS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'wait_end_of_query',
  'session_id',
  'session_timeout',
  'session_check',
  'readonly',
  'role',
  'compress',
  'decompress',
]);

function refuse(http: ReadonlyMap<string, string>): void {
  if (http.has('role')) {
    throw new ClickHouseException('UNKNOWN_ROLE', 'There are no roles.');
  }
  if (http.get('compress') === '1' || http.get('decompress') === '1') {
    throw new ClickHouseException(
      'NOT_IMPLEMENTED',
      'compress and decompress are not supported: use Accept-Encoding and Content-Encoding.',
    );
  }
}

/** GET is for reading, as in ClickHouse: it is `readonly` even when the request does not say so. */
function readonlyOf(value: string | undefined, isRead: boolean): Readonly {
  const [readonly] = ([0, 1, 2] as const).filter((known) => String(known) === (value ?? '0'));
  if (readonly === undefined) {
    throw new ClickHouseException('BAD_ARGUMENTS', 'readonly is 0, 1 or 2.');
  }
  return readonly === 0 && isRead ? 2 : readonly;
}

function httpSession(http: ReadonlyMap<string, string>): QueryUrl['httpSession'] {
  const id = http.get('session_id');
  if (!id) return undefined;
  const timeoutS = Number(http.get('session_timeout') ?? SESSION_TIMEOUT_S);
  if (!(timeoutS >= 0 && timeoutS <= SESSION_TIMEOUT_S_MAX)) {
    throw new ClickHouseException(
      'BAD_ARGUMENTS',
      `session_timeout is at most ${SESSION_TIMEOUT_S_MAX} seconds.`,
    );
  }
  return { id, timeoutMs: timeoutS * 1000, mustExist: http.get('session_check') === '1' };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
