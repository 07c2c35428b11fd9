import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord, MARK, type RecordRange, scanRecords } from './record.ts';
import { salvage } from './salvage.ts';

const SEED = 42;

function frame(requests: readonly Uint8Array[], seed = SEED): Buffer {
  return Buffer.concat(requests.flatMap((request) => encodeRecord(request, seed)));
}

/** Requests with what confuses a search: marks, lengths, zeros, and records of other segments. */
const requestArbitrary = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 300, maxLength: 20_000, size: 'max' }) },
  { weight: 1, arbitrary: fc.nat(300).map((length) => new Uint8Array(length)) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.oneof(
          fc.constant<Uint8Array>(MARK),
          fc.uint8Array({ maxLength: 9 }),
          fc.uint8Array({ maxLength: 30 }).map((inner) => frame([inner], SEED + 1)),
        ),
      )
      .map((parts) => new Uint8Array(Buffer.concat(parts))),
  },
);
const requestsArbitrary = fc.array(requestArbitrary, { maxLength: 12 });

/** A share of the segment's bytes, so that damage fits a segment of any size. */
const share = fc.nat(1_000_000).map((millionths) => millionths / 1_000_000);
const rangeArbitrary = fc.tuple(
  share,
  share.map((part) => part ** 3),
);

type Change = (segment: Buffer, at: (share: number) => number) => Buffer;

/** Damage that leaves every byte where it is; each also says which bytes it may have changed. */
const inPlace = fc.oneof(
  fc.tuple(share, fc.integer({ min: 1, max: 255 })).map(
    ([place, mask]): Change =>
      (segment, at) => {
        const index = at(place);
        if (index < segment.length) segment[index] = (segment[index] ?? 0) ^ mask;
        return segment;
      },
  ),
  rangeArbitrary.map(
    ([place, size]): Change =>
      (segment, at) =>
        segment.fill(0, at(place), at(place + size)),
  ),
);

const shifting = fc.oneof(
  share.map(
    (place): Change =>
      (segment, at) =>
        segment.subarray(0, at(place)),
  ),
  // A block that stands in another's place, or comes in a second time.
  fc.tuple(rangeArbitrary, share, fc.boolean()).map(
    ([[place, size], target, over]): Change =>
      (segment, at) => {
        const block = segment.subarray(at(place), at(place + size));
        const rest = at(target) + (over ? block.length : 0);
        return Buffer.concat([segment.subarray(0, at(target)), block, segment.subarray(rest)]);
      },
  ),
  fc.nat(5_000).map(
    (length): Change =>
      (segment) =>
        Buffer.concat([segment, Buffer.alloc(length)]),
  ),
  fc.uint8Array({ maxLength: 300 }).map(
    (noise): Change =>
      (segment) =>
        Buffer.concat([segment, noise]),
  ),
);

function apply(changes: readonly Change[], segment: Buffer): Buffer {
  let changed: Buffer = Buffer.from(segment);
  for (const change of changes) {
    const { length } = changed;
    changed = change(changed, (part) => Math.min(length, Math.floor(part * length)));
  }
  return changed;
}

const textOf = (segment: Buffer, { from, to }: RecordRange) => segment.toString('hex', from, to);
const framesOf = (requests: readonly Uint8Array[]) =>
  requests.map((request) => frame([request]).toString('hex'));

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let found = 0;
  for (const text of whole) if (text === part[found]) found += 1;
  return found === part.length;
}

test('of a segment without damage every record is kept and nothing is set aside', () => {
  fc.assert(
    fc.property(requestsArbitrary, (requests) => {
      const segment = frame(requests);
      expect(salvage(segment, SEED)).toEqual({ records: scanRecords(segment), damaged: [] });
    }),
  );
});

test('whatever bytes are changed, exactly the records that kept all of theirs are recovered', () => {
  fc.assert(
    fc.property(
      requestsArbitrary,
      fc.array(inPlace, { minLength: 1, maxLength: 6 }),
      (requests, changes) => {
        const segment = frame(requests);
        const damaged = apply(changes, segment);
        const sound = scanRecords(segment).filter(
          ({ from, to }) => segment.compare(damaged, from, to, from, to) === 0,
        );
        expect(salvage(damaged, SEED).records).toEqual(sound);
      },
    ),
    { numRuns: 400 },
  );
});

test('whatever is cut, doubled or added, no record is invented and none that is whole is missed', () => {
  fc.assert(
    fc.property(
      requestsArbitrary,
      fc.array(fc.oneof(inPlace, shifting), { minLength: 1, maxLength: 4 }),
      (requests, changes) => {
        const frames = framesOf(requests);
        const damaged = apply(changes, frame(requests));
        const { records } = salvage(damaged, SEED);
        const recovered = records.map((range) => textOf(damaged, range));
        expect(recovered.filter((text) => !frames.includes(text))).toEqual([]);
        for (const [index, { from }] of records.entries()) {
          expect(from).toBeGreaterThanOrEqual(records[index - 1]?.to ?? 0);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('records before and behind a cut, a doubled block or noise are recovered in order', () => {
  fc.assert(
    fc.property(
      requestsArbitrary,
      requestsArbitrary,
      fc.uint8Array({ maxLength: 3_000 }),
      (before, behind, noise) => {
        const segment = Buffer.concat([frame(before), noise, frame(behind)]);
        const { records } = salvage(segment, SEED);
        const recovered = records.map((range) => textOf(segment, range));
        expect(isSubsequence([...framesOf(before), ...framesOf(behind)], recovered)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('recovered and damaged ranges join without overlap', () => {
  fc.assert(
    fc.property(
      requestsArbitrary,
      fc.array(fc.oneof(inPlace, shifting), { minLength: 1, maxLength: 4 }),
      (requests, changes) => {
        const segment = apply(changes, frame(requests));
        const { records, damaged } = salvage(segment, SEED);
        const ranges = [...records, ...damaged].sort((a, b) => a.from - b.from);
        let at = 0;
        for (const { from, to } of ranges) {
          expect(from).toBe(at);
          at = to;
        }
        // Only a torn tail is in neither.
        if (at < segment.length) expect(records.at(-1)?.to ?? 0).toBe(at);
      },
    ),
    { numRuns: 400 },
  );
});

const one = frame([Buffer.from('first request')]);
const two = frame([Buffer.from('second request')]);
const wrong = Buffer.from(two).fill(1, 3, 4);

test.each([
  ['the front part of a record', two.subarray(0, 9)],
  ['a record without the last byte of its checksum', two.subarray(0, -1)],
  ['a length that is not all there', Buffer.of(0x80, 0x80)],
  ['room that was never filled', Buffer.alloc(4_096)],
])('%s at the end is a torn tail', (_, tail) => {
  const segment = Buffer.concat([one, tail]);
  const records = [{ from: 0, to: one.length }];
  expect(salvage(segment, SEED)).toEqual({ records, damaged: [] });
});

test.each([
  ['a record with a wrong checksum', Buffer.concat([two.subarray(0, -1), Buffer.of(0)])],
  ['a record without its end', Buffer.concat([two.subarray(0, -9), Buffer.alloc(9)])],
  ['a record whose length is too large', Buffer.concat([Buffer.of(0x7f), two.subarray(1)])],
  ['a length that never ends', Buffer.concat([Buffer.alloc(5, 0xff), two])],
  ['a wrong record before a torn one', Buffer.concat([wrong, two.subarray(0, 9)])],
])('%s at the end may have been acknowledged, and is damaged', (_, tail) => {
  const segment = Buffer.concat([one, tail]);
  const { records, damaged } = salvage(segment, SEED);
  expect(records[0]).toEqual({ from: 0, to: one.length });
  expect(damaged).toEqual([{ from: one.length, to: expect.any(Number) }]);
});

test('a request made to look like many records costs a bounded time when it is damaged', () => {
  // Each of its four-byte lengths leads to the mark at its end.
  const bytes = 8 * 1024 ** 2;
  const request = Buffer.alloc(bytes);
  for (let at = 0; at + 4 < bytes - 9; at += 4) {
    const length = bytes - at - 4;
    request.set([length | 0x80, (length >> 7) | 0x80, (length >> 14) | 0x80, length >> 21], at);
  }
  request.set(MARK, bytes - 9);
  const segment = Buffer.concat([one, frame([request]), one]);
  segment[one.length] = 0xff;
  const { records, damaged } = salvage(segment, SEED);
  expect(records).toEqual([{ from: 0, to: one.length }]);
  expect(damaged).toEqual([{ from: one.length, to: segment.length }]);
});
