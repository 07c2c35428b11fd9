import type { Token } from './lexer.ts';

/** Where the rows of an insert begin, and the statement that reads them from a file instead. */
interface FoundRows {
  at: number;
  reading(path: string): string;
}

/**
 * Follows the tokens of a statement until they show that rows come after it:
 * `INSERT INTO t ... FORMAT name`, `INSERT INTO t ... VALUES`, or an INSERT ... SELECT that reads
 * them by `input('structure')`.
 */
export class InsertScan {
  readonly #source: string;
  #part: 'verb' | 'into' | 'target' | 'clauses' | 'query' | 'none' = 'verb';
  #before: Token | undefined;
  /** Before it, `FROM INFILE` has its place. */
  #settingsAt: number | undefined;
  #input: { start: number; end: number } | undefined;
  rows: FoundRows | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  /** @returns true when the rest of the text is rows */
  feed(token: Token & { depth: number }): boolean {
    switch (this.#part) {
      case 'verb':
        this.#part = word(token) === 'INSERT' ? 'into' : 'none';
        break;
      case 'into':
        if (!['INTO', 'TABLE', 'FUNCTION'].includes(word(token))) this.#part = 'target';
        break;
      case 'target':
        if (token.text === '.' || this.#before?.text === '.') break;
        this.#part = 'clauses';
        this.#clause(token);
        break;
      case 'clauses':
        this.#clause(token);
        break;
      case 'query':
        this.#query(token);
        break;
      case 'none':
        break;
    }
    this.#before = token;
    return this.rows !== undefined;
  }

  #clause(token: Token & { depth: number }): void {
    const name = word(token);
    if (name === 'SELECT' || name === 'WITH') {
      this.#part = 'query';
      return;
    }
    if (token.depth > 0) return;
    if (name === 'SETTINGS') this.#settingsAt ??= token.start;
    const before = this.#before;
    if (before && word(before) === 'FORMAT' && name !== '') {
      this.#rowsFrom(before.start, rowsAfter(this.#source, token.end), token.text);
    } else if (name === 'VALUES') this.#rowsFrom(token.start, token.end, 'Values');
  }

  #rowsFrom(clauseAt: number, at: number, format: string): void {
    const infileAt = this.#settingsAt ?? clauseAt;
    const source = this.#source;
    this.rows = {
      at,
      reading: (path) =>
        `${source.slice(0, infileAt)} FROM INFILE ${path} ` +
        `${source.slice(infileAt, clauseAt)} FORMAT ${format}`,
    };
  }

  #query(token: Token & { depth: number }): void {
    const before = this.#before;
    if (!before) return;
    if (token.text === '(' && word(before) === 'INPUT') {
      this.#input ??= { start: before.start, end: token.end };
    }
    const input = this.#input;
    if (!input || token.depth > 0 || word(before) !== 'FORMAT' || word(token) === '') return;
    const source = this.#source;
    this.rows = {
      at: rowsAfter(source, token.end),
      reading: (path) =>
        `${source.slice(0, input.start)}file(${path}, '${token.text}', ` +
        source.slice(input.end, before.start),
    };
  }
}

/** In capitals; empty for what is no word. */
function word({ kind, text }: Token): string {
  return kind === 'word' ? text.toUpperCase() : '';
}

/** Rows begin after the line of the format's name, or after the spaces that follow it. */
function rowsAfter(source: string, nameEnd: number): number {
  const space = /[ \t\f]*\r?\n?/y;
  space.lastIndex = nameEnd;
  return nameEnd + (space.exec(source)?.[0].length ?? 0);
}
