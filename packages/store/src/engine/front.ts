import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AnswerHeaders, answerError, answerStream, answerWhole } from './answer.ts';
import { authenticate } from './authentication.ts';
import type { RunContext } from './connections.ts';
import { ClickHouseException } from './exceptions.ts';
import { guard } from './guard.ts';
import { HttpSessions } from './http-sessions.ts';
import type { Queries, Run } from './queries.ts';
import { parseQueryUrl, type QueryUrl } from './query-url.ts';
import { RequestBody } from './request-body.ts';
import type { Spool } from './spool.ts';
import { sqlString } from './sql-literal.ts';
import { canStream, isRead, parseStatement, type Statement } from './statement.ts';

/** ClickHouse's own bound on a URL (parameters travel there), and on the text of a statement. */
const URL_BYTES_MAX = 1024 * 1024;
const STATEMENT_BYTES_MAX = 256 * 1024;

const KEEP_ALIVE_MS = 10_000;

/** Formats whose parts are answers themselves, and can be put one behind the other. */
const STREAMED_FORMATS = new Set([
  'JSONEachRow',
  'JSONCompactEachRow',
  'JSONStringsEachRow',
  'JSONCompactStringsEachRow',
  'TabSeparated',
  'TSV',
  'TabSeparatedRaw',
  'TSVRaw',
  'CSV',
  'Native',
  'RowBinary',
]);

export interface FrontOptions {
  queries: Queries;
  spool: Spool;
  passwordHash: Buffer;
  timezone: string;
}

/** ClickHouse's HTTP interface: see docs/reference/engine.md for what of it there is. */
export function createFront(options: FrontOptions): Server {
  const front = new Front(options);
  return createServer(
    { maxHeaderSize: URL_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      front
        .answer(request, response)
        .catch((error: unknown) => answerError(request, response, error));
    },
  );
}

class Front {
  readonly #options: FrontOptions;
  readonly #sessions = new HttpSessions();

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://engine');
    if (pathname === '/ping' || pathname === '/replicas_status') {
      await this.#options.queries.ping();
      response.end('Ok.\n');
      return;
    }
    if (pathname !== '/') {
      throw new ClickHouseException('UNKNOWN_TYPE_OF_QUERY', `There is no handler ${pathname}.`);
    }
    if (request.method !== 'GET' && request.method !== 'POST') {
      throw new ClickHouseException('NOT_IMPLEMENTED', 'Only GET and POST are supported.');
    }
    if (request.method === 'GET' && !searchParams.has('query')) {
      response.end('Ok.\n');
      return;
    }
    authenticate(request, searchParams, this.#options.passwordHash);
    await this.#query(request, response, parseQueryUrl(request, searchParams));
  }

  async #query(request: IncomingMessage, response: ServerResponse, url: QueryUrl): Promise<void> {
    const body = new RequestBody(request);
    const prefix = url.query === '' ? '' : `${url.query.trimEnd()}\n`;
    const begin = Buffer.concat([
      Buffer.from(prefix),
      await body.begin(STATEMENT_BYTES_MAX + 1 - prefix.length),
    ]);
    const statement = parseBegin(begin);
    guard(statement, url.readonly);
    checkParameters(statement, url);
    const headers: AnswerHeaders = {
      queryId: url.queryId || randomUUID(),
      format: statement.format ?? url.defaultFormat,
      timezone: this.#options.timezone,
      gzip: takesGzip(request, url),
    };
    const run: Run = {
      text: statement.text,
      format: url.defaultFormat,
      context: this.#context(url),
      changesConnection: statement.verb === 'SET' || statement.verb === 'USE',
      signal: isRead(statement) ? whenClosed(response) : new AbortController().signal,
    };
    if (statement.rows) {
      await this.#insert(response, headers, run, statement, rowsOf(statement, begin, body));
    } else if (!url.wholeAnswer && canStream(statement) && STREAMED_FORMATS.has(headers.format)) {
      await answerStream(response, headers, this.#options.queries.stream(unbounded(run)));
    } else {
      if (run.changesConnection) refuseReadonly(url, statement);
      const result = await this.#options.queries.run(run);
      if (run.changesConnection) this.#remember(url, statement);
      await answerWhole(response, headers, result, 0);
    }
  }

  async #insert(
    response: ServerResponse,
    headers: AnswerHeaders,
    run: Run,
    statement: Statement,
    rows: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const { queries, spool } = this.#options;
    const spooled = await spool.keep(rows);
    try {
      const text = statement.rows?.reading(sqlString(spooled.path)) ?? statement.text;
      const result = await queries.run({ ...run, text });
      await answerWhole(response, headers, result, result.rowsRead);
    } finally {
      await spooled.remove();
    }
  }

  #context({ httpSession, database, settings, readonly, parameters }: QueryUrl): RunContext {
    const session = httpSession
      ? this.#sessions.statements(httpSession.id, httpSession.timeoutMs, httpSession.mustExist)
      : [];
    const name = database.replaceAll('\\', '\\\\').replaceAll('`', '\\`');
    const use = database === '' ? [] : [`USE \`${name}\``];
    return { session: [...use, ...session], settings, readonly, parameters };
  }

  #remember({ httpSession }: QueryUrl, { text }: Statement): void {
    if (httpSession) this.#sessions.remember(httpSession.id, text, httpSession.timeoutMs);
  }
}

/** The statement at the begin of the text: the rest of it, if there is more, has to be rows. */
function parseBegin(begin: Buffer): Statement {
  const tooLarge = (cause?: unknown) =>
    new ClickHouseException(
      'QUERY_IS_TOO_LARGE',
      `A statement is at most ${STATEMENT_BYTES_MAX} bytes; put long values into parameters.`,
      { cause },
    );
  const isCut = begin.length > STATEMENT_BYTES_MAX;
  try {
    const statement = parseStatement(begin);
    if (statement.rows || !isCut) return statement;
  } catch (error) {
    throw isCut ? tooLarge(error) : error;
  }
  throw tooLarge();
}

function refuseReadonly({ httpSession }: QueryUrl, { tokens }: Statement): void {
  if (httpSession && tokens.some((token) => token.text === 'readonly')) {
    throw new ClickHouseException('NOT_IMPLEMENTED', 'readonly is for one request: in its URL.');
  }
}

/** A connection keeps the parameters of earlier statements, so none may be missing. */
function checkParameters({ placeholders }: Statement, { parameters }: QueryUrl): void {
  for (const name of placeholders) {
    if (!parameters.has(name)) {
      throw new ClickHouseException(
        'UNKNOWN_QUERY_PARAMETER',
        `Substitution \`${name}\` is not set.`,
      );
    }
  }
}

async function* rowsOf(
  { rows }: Statement,
  begin: Buffer,
  body: RequestBody,
): AsyncGenerator<Uint8Array> {
  yield begin.subarray(rows?.at);
  yield* body.rest();
}

/** The bound on an answer's size is for those that are kept in memory. */
function unbounded(run: Run): Run {
  const settings = new Map(run.context.settings);
  if (!settings.has('max_result_bytes')) settings.set('max_result_bytes', '0');
  return { ...run, context: { ...run.context, settings } };
}

function takesGzip(request: IncomingMessage, { settings }: QueryUrl): boolean {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  return settings.get('enable_http_compression') === '1' && /\bgzip\b/.test(accepted);
}

/** Aborted when the client goes away before its answer is complete. */
function whenClosed(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
