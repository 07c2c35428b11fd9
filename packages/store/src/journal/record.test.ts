import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import {
  countMarks,
  encodeLength,
  encodeRecord,
  isIntact,
  isMarked,
  scanRecords,
} from './record.ts';

const SEED = 7;

function frame(requests: Uint8Array[]): Buffer {
  return Buffer.concat(requests.flatMap((request) => encodeRecord(request, SEED)));
}

test('a length is a protobuf varint', () => {
  expect([...encodeLength(0)]).toEqual([0]);
  expect([...encodeLength(127)]).toEqual([127]);
  expect([...encodeLength(300)]).toEqual([0xac, 0x02]);
  expect([...encodeLength(2 ** 31)]).toEqual([0x80, 0x80, 0x80, 0x80, 0x08]);
});

test('to a protobuf reader a record is the request and one unknown field', () => {
  const { root } = protobuf.parse('syntax = "proto3"; message Request { string name = 1; }');
  const Request = root.lookupType('Request');
  const record = frame([Request.encode({ name: 'naïve' }).finish()]);
  expect(Request.decodeDelimited(record)).toMatchObject({ name: 'naïve' });
  const reader = protobuf.Reader.create(record.subarray(-9));
  expect(reader.uint32()).toBe((2 ** 29 - 1) * 8 + 5);
});

test('a record is marked, and its checksum is right with the seed of its segment only', () => {
  const segment = frame([Buffer.from('one'), Buffer.alloc(0)]);
  for (const { from, to } of scanRecords(segment)) {
    expect(isMarked(segment, from, to)).toBe(true);
    expect(isIntact(segment, from, to, SEED)).toBe(true);
    expect(isIntact(segment, from, to, SEED + 1)).toBe(false);
  }
  expect(countMarks(segment)).toBe(2);
});

test('a segment cut off anywhere keeps exactly its complete records', () => {
  const requestsArbitrary = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(requestsArbitrary, fc.nat(1_000_000), (requests, millionths) => {
      const segment = frame(requests);
      const cut = Math.floor((segment.length * millionths) / 1_000_000);
      const ends = requests.map((_, index) => frame(requests.slice(0, index + 1)).length);
      const found = scanRecords(segment.subarray(0, cut));
      expect(found.map(({ to }) => to)).toEqual(ends.filter((end) => end <= cut));
      expect(found.map(({ from }) => from)).toEqual([0, ...ends].slice(0, found.length));
    }),
  );
});

test('a length that never ends is no record', () => {
  expect(scanRecords(Uint8Array.of(1, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toEqual([
    { from: 0, to: 2 },
  ]);
});
