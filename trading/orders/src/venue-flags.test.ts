import { expect, test } from 'vitest';
import { readVenues } from './venue-flags.ts';

const flags = {
  wsApis: ['a=ws://127.0.0.1:1/x', 'b=ws://127.0.0.1:2/x'],
  rests: ['b=http://127.0.0.1:2', 'a=http://127.0.0.1:1'],
  weights: '',
};

test('addresses go together by name, in the order of the first flag', () => {
  expect(readVenues({ ...flags, weights: 'b=3' })).toEqual([
    { name: 'a', wsApiUrl: 'ws://127.0.0.1:1/x', restUrl: 'http://127.0.0.1:1', weight: 1 },
    { name: 'b', wsApiUrl: 'ws://127.0.0.1:2/x', restUrl: 'http://127.0.0.1:2', weight: 3 },
  ]);
});

test('without names they go together by place; an address may hold an equals sign', () => {
  const venues = readVenues({
    wsApis: ['ws://127.0.0.1:1/x?a=b', 'ws://127.0.0.1:2'],
    rests: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
    weights: 'venue-2=2',
  });
  expect(venues.map(({ name, wsApiUrl, weight }) => [name, wsApiUrl, weight])).toEqual([
    ['venue-1', 'ws://127.0.0.1:1/x?a=b', 1],
    ['venue-2', 'ws://127.0.0.1:2', 2],
  ]);
});

test.each([
  [{ wsApis: [] }, /--exchange-ws-api is missing/],
  [{ rests: [] }, /--exchange-rest is missing/],
  [{ rests: ['a=http://127.0.0.1:1'] }, /--exchange-rest of b is missing/],
  [{ wsApis: ['a=ws://127.0.0.1:1'] }, /--exchange-ws-api of b is missing/],
  [{ wsApis: ['a=ws://127.0.0.1:1', 'a=ws://127.0.0.1:2'] }, /a has one already/],
  [{ wsApis: ['a=http://127.0.0.1:1', 'b=ws://127.0.0.1:2'] }, /--exchange-ws-api http:/],
  [{ weights: 'c=1' }, /--venue-weights c=1: no venue is called c/],
  [{ weights: 'a=0' }, /a weight is a whole number/],
  [{ weights: 'a' }, /no venue is called a/],
])('%o is refused with a message that names the flag', (wrong, message) => {
  expect(() => readVenues({ ...flags, ...wrong })).toThrow(
    expect.objectContaining({
      code: 'TL_CONFIG_INVALID',
      message: expect.stringMatching(message),
    }),
  );
});
