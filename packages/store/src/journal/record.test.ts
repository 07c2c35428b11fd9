import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeLength, scanRecords } from './record.ts';

function frame(records: Uint8Array[]): Buffer {
  return Buffer.concat(records.flatMap((record) => [encodeLength(record.length), record]));
}

test('a length is a protobuf varint', () => {
  expect([...encodeLength(0)]).toEqual([0]);
  expect([...encodeLength(127)]).toEqual([127]);
  expect([...encodeLength(300)]).toEqual([0xac, 0x02]);
  expect([...encodeLength(2 ** 31)]).toEqual([0x80, 0x80, 0x80, 0x80, 0x08]);
});

test('a segment cut off anywhere keeps exactly its complete records', () => {
  const recordsArbitrary = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(recordsArbitrary, fc.double({ min: 0, max: 1, noNaN: true }), (records, share) => {
      const segment = frame(records);
      const cut = Math.floor(segment.length * share);
      const ends = records.map((_, index) => frame(records.slice(0, index + 1)).length);
      const found = scanRecords(segment.subarray(0, cut));
      expect(found.map(({ to }) => to)).toEqual(ends.filter((end) => end <= cut));
      expect(found.map(({ from }) => from)).toEqual([0, ...ends].slice(0, found.length));
    }),
  );
});

test('a length that never ends is a torn tail', () => {
  expect(scanRecords(Uint8Array.of(1, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toEqual([
    { from: 0, to: 2 },
  ]);
});
