import { ClickHouseException } from './exceptions.ts';

/** A piece of SQL; spaces and comments are none. */
export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol';
  /** As it is written; of an identifier in quotes, what is between them. */
  text: string;
  start: number;
  end: number;
}

const SPACE = /(?:[ \t\n\v\f\r]+|(?:--|\/\/|#[ !])[^\n]*)+/y;
const WORD = /[A-Za-z_][\w$]*/y;
const NUMBER = /\d[\w.]*/y;
const HEREDOC = /\$\w*\$/y;
const SYMBOL = /[-()[\]{},;.:+*/%=<>!|^@?~&]/y;

/**
 * Splits a statement the way ClickHouse does: quotes with backslashes or doubled, heredocs, nested
 * comments. Lazily: what follows a statement may be rows in any format. Outside of quotes and
 * comments only ASCII is taken, so that nothing is seen otherwise here than in the engine, which
 * also knows typographic quotes and spaces.
 *
 * @param text one character per byte (latin1)
 * @throws ClickHouseException SYNTAX_ERROR
 */
export function* tokens(text: string): Generator<Token> {
  let at = 0;
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length) return;
    const token = tokenAt(text, at);
    yield token;
    at = token.end;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    if (text.startsWith('/*', at)) at = blockCommentEnd(text, at);
    const end = matchEnd(SPACE, text, at);
    if (end === at && !text.startsWith('/*', at)) return at;
    at = end;
  }
}

function tokenAt(text: string, start: number): Token {
  const first = text[start] ?? '';
  if (first === "'") return token('string', text, start, quotedEnd(text, start));
  if (first === '"' || first === '`') {
    const end = quotedEnd(text, start);
    return { kind: 'quoted', text: text.slice(start + 1, end - 1), start, end };
  }
  if (first === '$') return token('string', text, start, heredocEnd(text, start));
  for (const [kind, pattern] of PATTERNS) {
    const end = matchEnd(pattern, text, start);
    if (end > start) return token(kind, text, start, end);
  }
  throw syntaxError(`unexpected character at position ${start + 1}`);
}

const PATTERNS = [
  ['word', WORD],
  ['number', NUMBER],
  ['symbol', SYMBOL],
] as const;

function token(kind: Token['kind'], text: string, start: number, end: number): Token {
  return { kind, text: text.slice(start, end), start, end };
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

function quotedEnd(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  throw syntaxError(`a quote is not closed: position ${start + 1}`);
}

function heredocEnd(text: string, start: number): number {
  const open = matchEnd(HEREDOC, text, start);
  const close = open > start ? text.indexOf(text.slice(start, open), open) : -1;
  if (close === -1) throw syntaxError(`unexpected character at position ${start + 1}`);
  return close + (open - start);
}

function blockCommentEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    if (text.startsWith('/*', at)) depth += 1;
    else if (text.startsWith('*/', at)) depth -= 1;
    else {
      at += 1;
      continue;
    }
    at += 2;
    if (depth === 0) return at;
  }
  throw syntaxError(`a comment is not closed: position ${start + 1}`);
}

function syntaxError(text: string): ClickHouseException {
  return new ClickHouseException('SYNTAX_ERROR', `Syntax error: ${text}.`);
}
