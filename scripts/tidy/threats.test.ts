import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shownThreats } from './threats.ts';

const TEST = { path: 'test/a.test.ts', text: `test('a bomb is stopped', () => {});` };

function broken(page: string): string[] {
  const source = { path: 'docs/reference/threat-model.md', text: page };
  return shownThreats([source, TEST]).map(({ line, message }) => `${line} ${message}`);
}

test('a threat without a test, and a test that there is not, are named', () => {
  expect(broken('| **bomb** | `test/a.test.ts`: "a bomb is stopped" |')).toEqual([]);
  expect(broken('text\n| **bomb** | nothing |')).toEqual(['2 no test shows this threat']);
  expect(broken('| **bomb** | `test/a.test.ts`: "a bomb" |')).toEqual([
    '1 test/a.test.ts has no test "a bomb"',
  ]);
  expect(broken('`test/b.test.ts`: "a bomb is stopped"')).toEqual(['1 there is no test/b.test.ts']);
});

test('every package that is installed is pinned by version and content', () => {
  const path = join(import.meta.dirname, '../../package-lock.json');
  const { packages } = JSON.parse(readFileSync(path, 'utf8')) as {
    packages: Record<string, { version?: string; integrity?: string; link?: boolean }>;
  };
  const installed = Object.entries(packages).filter(
    ([name, { link }]) => name.includes('node_modules/') && link !== true,
  );
  expect(installed.length).toBeGreaterThan(100);
  for (const [name, { version, integrity }] of installed) {
    expect([name, version, integrity]).toEqual([
      name,
      expect.stringMatching(/^\d+\./),
      expect.stringMatching(/^sha512-/),
    ]);
  }
});
