import { expect, test } from 'vitest';
import { canStream, isRead, parseStatement } from './statement.ts';

function parse(sql: string) {
  return parseStatement(Buffer.from(sql));
}

/** The statement that reads the rows from a file, and the rows. */
function split(sql: string): [statement: string | undefined, rows: string] {
  const { rows } = parse(sql);
  return [
    rows?.reading("'F'").replace(/\s+/g, ' '),
    Buffer.from(sql).subarray(rows?.at).toString(),
  ];
}

test('one statement, without its semicolon and what surrounds it', () => {
  expect(parse(' /* ; */ select 1 ; ; -- done')).toMatchObject({
    verb: 'SELECT',
    text: '/* ; */ select 1',
    rows: undefined,
  });
});

test.each([
  '',
  ' -- nothing',
  ';',
  'SELECT 1; SELECT 2',
  'SELECT 1;;x',
])('%j is not one statement', (sql) => {
  expect(() => parse(sql)).toThrow(/^Code: 62\./);
});

test('rows begin after the line that names their format', () => {
  expect(split('INSERT INTO t (a, `format`) FORMAT CSV\n\n1,2\n')).toEqual([
    "INSERT INTO t (a, `format`) FROM INFILE 'F' FORMAT CSV",
    '\n1,2\n',
  ]);
  expect(split('insert into table d.`t` settings a = 1 format JSONEachRow {"a":"; /*"}')).toEqual([
    "insert into table d.`t` FROM INFILE 'F' settings a = 1 FORMAT JSONEachRow",
    '{"a":"; /*"}',
  ]);
});

test('VALUES is a format', () => {
  expect(split("INSERT INTO values(format) VALUES (1), ('x;')")).toEqual([
    "INSERT INTO values(format) FROM INFILE 'F' FORMAT Values",
    " (1), ('x;')",
  ]);
  expect(split('INSERT INTO t FORMAT Values (1)')).toEqual([
    "INSERT INTO t FROM INFILE 'F' FORMAT Values",
    '(1)',
  ]);
});

test('input() of a query becomes the file, in the format that stands behind the query', () => {
  const sql =
    "INSERT INTO t SELECT a FROM (SELECT 'FORMAT x', a FROM input({s:String})) " +
    "WHERE a != 'é' SETTINGS max_threads = 1 FORMAT Protobuf\n\xff";
  expect(split(sql)).toEqual([
    "INSERT INTO t SELECT a FROM (SELECT 'FORMAT x', a FROM file('F', 'Protobuf', {s:String})) " +
      "WHERE a != 'é' SETTINGS max_threads = 1 ",
    '\xff',
  ]);
});

test.each([
  'INSERT INTO t SELECT format x FROM u',
  'INSERT INTO t (SELECT 1)',
  "INSERT INTO FUNCTION file('values', 'CSV') SELECT values FROM t",
  'INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x',
  "SELECT 'INSERT INTO t FORMAT CSV'",
])('%s has no rows behind it', (sql) => {
  expect(parse(sql)).toMatchObject({ rows: undefined, text: sql });
});

test('the format of an answer is the clause at the end', () => {
  expect(parse('SELECT 1 FORMAT JSON').format).toBe('JSON');
  expect(parse('SELECT 1 format CSV SETTINGS max_threads = 1').format).toBe('CSV');
  expect(parse("SELECT format FROM (SELECT 'FORMAT JSON' AS format)").format).toBeUndefined();
});

test('parameters are found outside of strings', () => {
  const { placeholders } = parse(
    "SELECT {a:String}, { b : Map(String, UInt8)}, '{c:String}', {'d':1}",
  );
  expect([...placeholders]).toEqual(['a', 'b']);
});

test('a statement that writes is no read, however it begins', () => {
  expect(isRead(parse('WITH x AS (SELECT 1) SELECT * FROM x'))).toBe(true);
  expect(isRead(parse('SHOW TABLES'))).toBe(true);
  expect(isRead(parse('WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x'))).toBe(false);
  expect(isRead(parse('OPTIMIZE TABLE t'))).toBe(false);
});

test('an answer is streamed when its query is one SELECT', () => {
  expect(canStream(parse('SELECT * FROM t'))).toBe(true);
  expect(canStream(parse('SELECT (SELECT sleep(3))'))).toBe(false);
  expect(canStream(parse('SELECT a, count() FROM t GROUP BY a WITH TOTALS'))).toBe(false);
  expect(canStream(parse('SHOW TABLES'))).toBe(false);
});
