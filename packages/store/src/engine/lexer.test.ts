import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Token, tokens } from './lexer.ts';
import { sqlString } from './sql-literal.ts';

function texts(sql: string): string[] {
  return [...tokens(sql)].map(({ text }) => text);
}

test('spaces and comments of every kind separate and are no tokens', () => {
  expect(texts('SELECT\t1 -- one; \n // two ; \n # three\n /* four /* five */ ; */ , 2')).toEqual([
    'SELECT',
    '1',
    ',',
    '2',
  ]);
});

test('what stands in quotes is one token, however its quotes are escaped', () => {
  expect(texts(`'it''s' 'it\\'s; ' "a""b" \`c\\\`d\` $tag$ ' ; $$ $tag$ 'end\\\\' x`)).toEqual([
    `'it''s'`,
    `'it\\'s; '`,
    'a""b',
    'c\\`d',
    `$tag$ ' ; $$ $tag$`,
    `'end\\\\'`,
    'x',
  ]);
});

test.each([
  "'open",
  '"open',
  '`open',
  '/* open /* */',
  '$x',
  '$tag$ open',
  '#x',
  '\\G',
  '‘x’',
  '\0',
])('%s is a syntax error', (sql) => {
  expect(() => texts(`SELECT ${sql}`)).toThrow(/^Code: 62\. .*Syntax error/);
});

test('a literal of any text is one token, and what follows it is seen', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const literal = Buffer.from(sqlString(text)).toString('latin1');
      expect(texts(`${literal}; DROP`)).toEqual([literal, ';', 'DROP']);
    }),
  );
});

test('of any text the tokens follow each other, and nothing but an exception is thrown', () => {
  const pieces = fc.constantFrom(...`'"\`\\/*-#$;(){}:=a1 \n`);
  fc.assert(
    fc.property(fc.array(pieces), (chars) => {
      let seen: Token[] = [];
      try {
        seen = [...tokens(chars.join(''))];
      } catch (error) {
        expect(String(error)).toMatch(/Code: 62\./);
      }
      let end = 0;
      for (const token of seen) {
        expect(token.start).toBeGreaterThanOrEqual(end);
        expect(token.end).toBeGreaterThan(token.start);
        end = token.end;
      }
    }),
  );
});
