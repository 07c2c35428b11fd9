import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorHelp } from './error-help.ts';

const PAGE = new URL('../../../../docs/reference/errors.md', import.meta.url);

test('every code with which spans are refused is explained', () => {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split(/^## Receiving spans$/m);
  const codes = (section.split(/^## /m)[0] ?? '').match(/^\| `TL_\w+`/gm) ?? [];
  expect(codes.length).toBeGreaterThan(5);
  for (const code of codes) expect(errorHelp(code.slice(3, -1)), code).toBeDefined();
});

test('a code that is not known, or is none, has no explanation', () => {
  expect(errorHelp('TL_OF_A_LATER_VERSION')).toBeUndefined();
  expect(errorHelp('constructor')).toBeUndefined();
});
