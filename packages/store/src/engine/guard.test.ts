import { expect, test } from 'vitest';
import { guard, type Readonly } from './guard.ts';
import { parseStatement } from './statement.ts';

function check(sql: string, readonly: Readonly): void {
  guard(parseStatement(Buffer.from(sql)), readonly);
}

test.each([
  ["SELECT 1 INTO OUTFILE '/tmp/x'", 358],
  ["SELECT 1 into /* x */ outfile '/tmp/x' TRUNCATE", 358],
  ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", 78],
  ['CREATE TEMPORARY TABLE t (a UInt8)', 48],
  ['CREATE OR REPLACE TEMPORARY TABLE t (a UInt8)', 48],
])('%s is refused always', (sql, code) => {
  expect(() => check(sql, 0)).toThrow(`Code: ${code}.`);
});

test('what only looks like it is not refused', () => {
  check("SELECT 'INTO OUTFILE' AS temporary, `from infile`", 1);
  check('CREATE TABLE temp (a UInt8)', 0);
  check('SELECT settings FROM system.settings WHERE name = 1', 1);
});

test.each([
  'INSERT INTO t SELECT 1',
  'DROP TABLE t',
  'KILL QUERY WHERE 1',
  'SET readonly = 0',
  'SELECT 1 SETTINGS readonly = 0',
  'SELECT * FROM (SELECT 1 SETTINGS readonly=0)',
  'SELECT * FROM (SELECT 1 SETTINGS max_threads = 1, `readonly` = 0)',
  'SELECT * FROM (SELECT 1 settings /* x */ "read\\x6fnly" = 0)',
  "SELECT file('/etc/passwd')",
  "SELECT arrayMap(`file`, ['/etc/passwd'])",
  "SELECT `fi\\x6ce`('/etc/passwd')",
])('a reader may not: %s', (sql) => {
  expect(() => check(sql, 1)).toThrow('Code: 164.');
});

test('who may change settings may not change readonly', () => {
  check('SELECT * FROM (SELECT 1 SETTINGS max_threads = 1)', 2);
  check('SET max_threads = 1', 2);
  expect(() => check('SELECT * FROM (SELECT 1 SETTINGS readonly = 0)', 2)).toThrow('Code: 164.');
  expect(() => check('SET readonly = 0', 2)).toThrow('Code: 164.');
  expect(() => check('SELECT * FROM (SELECT 1 SETTINGS `read\\x6fnly` = 0)', 2)).toThrow('164');
});
