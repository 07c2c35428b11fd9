import { expect, test, vi } from 'vitest';
import { sharedLookup } from './shared-lookup.ts';

const { lookup } = vi.hoisted(() => ({ lookup: vi.fn() }));
vi.mock('node:dns', () => ({ lookup }));

test('a name is looked up once for all that ask while it is, and again for later ones', () => {
  const find = sharedLookup();
  const answers: unknown[][] = [];
  for (let index = 0; index < 3; index += 1) {
    find('collector', { all: true }, (...answer) => answers.push([index, ...answer]));
  }
  expect(lookup).toHaveBeenCalledTimes(1);
  const addresses = [{ address: '127.0.0.1', family: 4 }];
  const [, , callback] = lookup.mock.calls[0] ?? [];
  callback(null, addresses, undefined);
  expect(answers).toEqual([0, 1, 2].map((index) => [index, null, addresses, undefined]));
  find('collector', { all: true }, () => undefined);
  expect(lookup).toHaveBeenCalledTimes(2);
});
