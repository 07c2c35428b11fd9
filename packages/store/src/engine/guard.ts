import { ClickHouseException } from './exceptions.ts';
import { isRead, isWord, type Statement } from './statement.ts';

/** 0: anything goes; 1: reads; 2: reads, and settings may be changed. As in ClickHouse. */
export type Readonly = 0 | 1 | 2;

/** Functions that reach beyond the tables, and that the engine allows to readers. */
const HOST_FUNCTIONS = new Set(['file', 'catboostEvaluate']);

/**
 * Refuses what the engine would do, being a library in its own process, and a server would not;
 * and what gets around `readonly`, which the engine does not look for in subqueries.
 *
 * @throws ClickHouseException
 */
export function guard(statement: Statement, readonly: Readonly): void {
  refuseFiles(statement);
  refuseTemporary(statement);
  if (readonly !== 0) refuseWrites(statement, readonly);
}

function refuseFiles({ tokens }: Statement): void {
  const follows = (first: string, second: string) =>
    tokens.some((token, index) => isWord(token, first) && isWord(tokens[index + 1], second));
  if (follows('INTO', 'OUTFILE')) {
    throw new ClickHouseException('INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed.');
  }
  if (follows('FROM', 'INFILE')) {
    throw new ClickHouseException('UNKNOWN_TYPE_OF_QUERY', 'FROM INFILE is not allowed.');
  }
}

/** They would belong to a connection, and connections are shared. */
function refuseTemporary({ verb, tokens }: Statement): void {
  const kind = isWord(tokens[1], 'OR') ? tokens[3] : tokens[1];
  if (verb === 'CREATE' && (isWord(kind, 'TEMPORARY') || isWord(kind, 'TEMP'))) {
    throw new ClickHouseException('NOT_IMPLEMENTED', 'Temporary tables are not supported.');
  }
}

function refuseWrites(statement: Statement, readonly: 1 | 2): void {
  const { verb, tokens } = statement;
  if (!isRead(statement) && !(readonly === 2 && (verb === 'SET' || verb === 'USE'))) {
    throw readonlyError('Cannot execute query in readonly mode.');
  }
  // A name could hide in its escapes.
  if (tokens.some(({ kind, text }) => kind === 'quoted' && text.includes('\\'))) {
    throw readonlyError('Cannot use escaped identifiers in readonly mode.');
  }
  const isNamed = (name: string) => tokens.some(({ text }) => text === name);
  if (changesSettings(statement) && (readonly === 1 || isNamed('readonly'))) {
    throw readonlyError('Cannot modify settings in readonly mode.');
  }
  const host = readonly === 1 && tokens.find(({ text }) => HOST_FUNCTIONS.has(text));
  if (host) throw readonlyError(`Cannot use ${host.text} in readonly mode.`);
}

/** Whether there is a SETTINGS clause, wherever: the engine itself refuses only the outermost. */
function changesSettings({ verb, tokens }: Statement): boolean {
  if (verb === 'SET') return true;
  return tokens.some((token, index) => {
    const name = tokens[index + 1];
    const after = tokens[index + 2]?.text;
    const isName = name?.kind === 'word' || name?.kind === 'quoted';
    return isWord(token, 'SETTINGS') && isName && (after === '=' || after === '.');
  });
}

function readonlyError(text: string): ClickHouseException {
  return new ClickHouseException('READONLY', text);
}
