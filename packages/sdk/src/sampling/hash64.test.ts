import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Hash64 } from './hash64.ts';

const MASK = (1n << 64n) - 1n;

/** The same by the letter of its definition. */
function reference(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  hash ^= hash >> 33n;
  hash = (hash * 0xff51afd7ed558ccdn) & MASK;
  hash ^= hash >> 33n;
  hash = (hash * 0xc4ceb9fe1a85ec53n) & MASK;
  return hash ^ (hash >> 33n);
}

const toBigInt = ({ high, low }: Hash64): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

test('any text hashes as its UTF-8 bytes do with 64-bit integers', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(text, (given) => {
      const hash = new Hash64();
      hash.addText(given);
      hash.finish();
      expect(toBigInt(hash)).toBe(reference(new TextEncoder().encode(given)));
    }),
    { numRuns: 1_000 },
  );
});

test('half a surrogate pair counts as the replacement character', () => {
  for (const given of ['\ud83d', '\ude00', 'a\ud83d\ud83d\ude00b', '\ude00\ud83d']) {
    const hash = new Hash64();
    hash.addText(given);
    hash.finish();
    expect(toBigInt(hash)).toBe(reference(new TextEncoder().encode(given)));
  }
});
