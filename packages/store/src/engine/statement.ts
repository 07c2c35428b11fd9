import { ClickHouseException } from './exceptions.ts';
import { InsertScan } from './insert-scan.ts';
import { type Token, tokens } from './lexer.ts';

/** A token with how deep in parentheses it stands. */
export interface PlacedToken extends Token {
  depth: number;
}

/** One statement, as far as the HTTP interface has to understand it. */
export interface Statement {
  /** Its first word, in capitals. */
  verb: string;
  /** Without the semicolon; of an insert with rows, up to where they begin. */
  text: string;
  /** Named by a FORMAT clause at the end of a query. */
  format: string | undefined;
  /** Names of the parameters that `{name:Type}` asks for. */
  placeholders: ReadonlySet<string>;
  /** Of an insert whose rows come after the statement. */
  rows: InsertRows | undefined;
  tokens: readonly PlacedToken[];
}

export interface InsertRows {
  /** Where the rows begin, in bytes from the begin of the text. */
  at: number;
  /** The statement that reads them from a file instead. `path` is a literal with its quotes. */
  reading(path: string): string;
}

/**
 * @param bytes the text of the statement, and possibly the first of its rows
 * @throws ClickHouseException SYNTAX_ERROR
 */
export function parseStatement(bytes: Buffer): Statement {
  const source = bytes.toString('latin1');
  const seen: PlacedToken[] = [];
  const insert = new InsertScan(source);
  let depth = 0;
  let end: number | undefined;
  for (const token of tokens(source)) {
    if (token.text === ';' && token.kind === 'symbol') {
      end ??= token.start;
      continue;
    }
    if (end !== undefined) throw multiStatement();
    if (isSymbol(token, ')]}')) depth -= 1;
    const placed = { ...token, depth };
    if (isSymbol(token, '([{')) depth += 1;
    seen.push(placed);
    if (insert.feed(placed)) break;
  }
  const verb = seen.find(({ kind }) => kind === 'word')?.text.toUpperCase();
  if (verb === undefined) {
    throw new ClickHouseException('SYNTAX_ERROR', 'Syntax error: Empty query.');
  }
  const { rows } = insert;
  return {
    verb,
    text: bytes
      .subarray(0, rows?.at ?? end ?? bytes.length)
      .toString()
      .trim(),
    format: rows ? undefined : formatClause(seen),
    placeholders: placeholdersIn(seen),
    rows: rows && {
      at: rows.at,
      // Offsets count bytes, and the text is put together as such.
      reading: (path) => Buffer.from(rows.reading(path), 'latin1').toString(),
    },
    tokens: seen,
  };
}

function isSymbol(token: Token, symbols: string): boolean {
  return token.kind === 'symbol' && symbols.includes(token.text);
}

/** Whether the token is this word of SQL, in whatever case. */
export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === word;
}

function formatClause(seen: readonly PlacedToken[]): string | undefined {
  const at = seen.findLastIndex((token) => token.depth === 0 && isWord(token, 'FORMAT'));
  const name = at > 0 ? seen[at + 1] : undefined;
  const after = seen[at + 2];
  const isClause = name?.kind === 'word' && (after === undefined || isWord(after, 'SETTINGS'));
  return isClause ? name.text : undefined;
}

function placeholdersIn(seen: readonly PlacedToken[]): Set<string> {
  const names = new Set<string>();
  seen.forEach((token, index) => {
    const isName = token.kind === 'word' && seen[index - 1]?.text === '{';
    if (isName && seen[index + 1]?.text === ':') names.add(token.text);
  });
  return names;
}

function multiStatement(): ClickHouseException {
  return new ClickHouseException(
    'SYNTAX_ERROR',
    'Syntax error (Multi-statements are not allowed): one request is one statement.',
  );
}

const READS = new Set(['SELECT', 'WITH', 'FROM', 'SHOW', 'EXPLAIN', 'DESCRIBE', 'DESC', 'EXISTS']);

/** A statement that changes nothing: it can be stopped when nobody waits for its answer. */
export function isRead({ verb, tokens: seen }: Statement): boolean {
  return READS.has(verb) && !seen.some((token) => token.depth === 0 && isWord(token, 'INSERT'));
}

/**
 * Whether the answer may be sent while the query still runs. The engine plans such a query in the
 * thread that answers everybody, and subqueries can be part of planning, so there may be none.
 */
export function canStream(statement: Statement): boolean {
  const { verb, tokens: seen } = statement;
  const isSelect = verb === 'SELECT' || verb === 'WITH' || verb === 'FROM';
  const selects = seen.filter((token) => isWord(token, 'SELECT')).length;
  return isSelect && isRead(statement) && selects === 1 && !seen.some(isTotals);
}

function isTotals(token: Token): boolean {
  return isWord(token, 'TOTALS');
}
