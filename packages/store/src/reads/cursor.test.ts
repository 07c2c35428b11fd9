import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.ts';

const cursor = { sort: 'begin', asOfNs: 5n, rankNs: 2n ** 62n, beginIds: 'ab' } as const;

test('a cursor comes back as it went', () => {
  expect(decodeCursor(encodeCursor(cursor), 'begin')).toEqual(cursor);
});

test.each(['', 'no cursor', Buffer.from('{}').toString('base64url')])('%j is refused', (text) => {
  expect(() => decodeCursor(text, 'begin')).toThrow(
    expect.objectContaining({ code: 'TL_BAD_REQUEST' }),
  );
});

test('the cursor of another sort is refused', () => {
  expect(() => decodeCursor(encodeCursor(cursor), 'duration')).toThrow('cursor');
});
