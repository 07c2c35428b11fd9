import { expect, test } from 'vitest';
import { adapters, cycles, layering } from './layering.ts';
import {
  codedErrors,
  documentedErrors,
  environmentInConfig,
  fetchInClient,
  names,
  noDeadExports,
  noExportStar,
  noInnerHtml,
  sizes,
  sqlInStore,
} from './places.ts';
import type { Rule } from './sources.ts';

/** The rules broken by these files: `rule path:line`. */
function broken(rule: Rule, files: Record<string, string>): string[] {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return rule(sources).map((found) => `${found.rule} ${found.path}:${found.line}`);
}

test('a package that imports a higher floor is named, a lower floor is fine', () => {
  const files = {
    'packages/model/src/a.ts': `import { x } from '@throughline/store';`,
    'packages/server/src/b.ts': `import type { y } from '@throughline/store';`,
    'packages/ui/src/c.tsx': `import {\n  z,\n} from '@throughline/server';`,
  };
  expect(broken(layering, files)).toEqual([
    'layering packages/model/src/a.ts:1',
    'layering packages/ui/src/c.tsx:1',
  ]);
});

test('a package is entered by its door, not by a path into it', () => {
  const files = {
    'packages/server/src/a.ts': `import { x } from '../../store/src/journal.ts';`,
    'packages/sdk/src/b.ts': `import { x } from '@throughline/model/src/ids.ts';`,
  };
  expect(broken(layering, files)).toHaveLength(2);
});

test('a second door is open where it is listed, and then is the only one for product code', () => {
  const files = {
    'packages/sdk/src/a.ts': `import { ATTR } from '@throughline/model/names';`,
    'packages/sdk/src/b.ts': `import { ATTR } from '@throughline/model';`,
    'packages/sdk/src/b.test.ts': `import { spanIdSchema } from '@throughline/model';`,
    'packages/server/src/c.ts': `import { spanSchema } from '@throughline/model';`,
    'packages/server/src/d.ts': `import { now } from '@throughline/model/time';`,
  };
  expect(broken(layering, files)).toEqual([
    'layering packages/sdk/src/b.ts:1',
    'layering packages/server/src/d.ts:1',
  ]);
});

test('an adapter that imports its sibling is named', () => {
  const files = {
    'packages/sdk/src/adapters/worker/index.ts': `import { x } from '../channel/carrier.ts';`,
    'packages/sdk/src/adapters/channel/index.ts': `import { x } from './carrier.ts';`,
  };
  expect(broken(adapters, files)).toEqual(['adapters packages/sdk/src/adapters/worker/index.ts:1']);
});

test('a cycle is found even where one side imports only a type', () => {
  const files = {
    'packages/sdk/src/a.ts': `import { b } from './b.ts';`,
    'packages/sdk/src/b.ts': `import type { A } from './a.ts';`,
    'packages/sdk/src/c.ts': `import { b } from './b.ts';`,
  };
  expect(broken(cycles, files)).toHaveLength(1);
});

test('statements belong to their places', () => {
  const sql = 'SELECT' + ' 1 FROM spans';
  expect(broken(noExportStar, { 'packages/sdk/src/a.ts': `export * from './b.ts';` })).toHaveLength(
    1,
  );
  expect(broken(sqlInStore, { 'packages/server/src/a.ts': `const q = '${sql} ';` })).toHaveLength(
    1,
  );
  expect(broken(sqlInStore, { 'packages/store/src/a.ts': `const q = '${sql} ';` })).toEqual([]);
  const storage = 'trading/bot/src/storage/a.ts';
  expect(broken(sqlInStore, { [storage]: `const q = '${sql} ';` })).toEqual([]);
  const workflow = 'trading/bot/src/workflow/a.ts';
  expect(broken(sqlInStore, { [workflow]: `const q = '${sql} ';` })).toHaveLength(1);
  expect(broken(environmentInConfig, { 'packages/sdk/src/a.ts': 'process.env.X' })).toHaveLength(1);
  expect(broken(environmentInConfig, { 'packages/sdk/src/config.ts': 'process.env.X' })).toEqual(
    [],
  );
  expect(broken(fetchInClient, { 'packages/ui/src/a.tsx': `fetch('/x')` })).toHaveLength(1);
  expect(broken(fetchInClient, { 'packages/ui/src/api/client.ts': `fetch('/x')` })).toEqual([]);
  expect(broken(noInnerHtml, { 'packages/ui/src/a.tsx': 'el.innerHTML = x' })).toHaveLength(1);
  expect(broken(codedErrors, { 'packages/sdk/src/a.ts': `throw new Error('x')` })).toHaveLength(1);
});

test('a comment may name what code may not do', () => {
  expect(
    broken(environmentInConfig, { 'packages/sdk/src/a.ts': '// never process.env here' }),
  ).toEqual([]);
});

test('an export that no other file names is dead', () => {
  const files = {
    'packages/sdk/src/a.ts': 'export const used = 1;\nexport function unused() {}',
    'packages/sdk/src/b.ts': `import { used } from './a.ts';`,
  };
  expect(broken(noDeadExports, files)).toEqual(['dead-exports packages/sdk/src/a.ts:2']);
});

test('long files and odd names are refused', () => {
  expect(broken(sizes, { 'packages/sdk/src/a.ts': 'x\n'.repeat(401) })).toHaveLength(1);
  expect(broken(names, { 'packages/sdk/src/SpanThing.ts': '' })).toHaveLength(1);
  expect(broken(names, { 'packages/sdk/src/span-thing.test.ts': '' })).toEqual([]);
});

test('an error code that the docs lack, and one that they invent, are both named', () => {
  const files = {
    'packages/model/src/errors.ts': '  TL_A: 400,\n  TL_B: 500,\n',
    'docs/reference/errors.md': '`TL_A` and `TL_C`',
  };
  expect(broken(documentedErrors, files)).toHaveLength(2);
});
