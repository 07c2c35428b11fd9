import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyRandomness, samplingThreshold, traceRandomness } from './randomness.ts';

/** For implementations in other languages (docs/reference/sampling.md has them too). */
const KEY_VECTORS: [string[], string][] = [
  [['u1', 'o1'], '249870adb342d'],
  [['alice', 'order-1'], 'd89d39196668b'],
  [['', ''], '92e16d4af0442'],
  [['ü', '😀'], '6b25dae174c09'],
];

test.each(KEY_VECTORS)('the randomness of the key %j is %s', (values, expected) => {
  expect(keyRandomness(values).toString(16).padStart(13, '0')).toBe(expected);
});

test('the randomness of a trace is in the last seven bytes of its id, the last digit left out', () => {
  expect(traceRandomness('ffffffffffffffffff123456789abcd0')).toBe(0x123456789abcd);
  expect(traceRandomness('000000000000000000fffffffffffff7')).toBe(2 ** 52 - 1);
});

test('a ratio of 1 leaves nothing out, 0 takes nothing, and a half begins in the middle', () => {
  expect(samplingThreshold(1)).toBe(0);
  expect(samplingThreshold(0)).toBeGreaterThan(2 ** 52 - 1);
  expect(samplingThreshold(0.5).toString(16)).toBe('8000000000000');
  expect(samplingThreshold(0.1).toString(16)).toBe('e666666666666');
});

test('different values of a key never run together', () => {
  expect(keyRandomness(['ab', 'c'])).not.toBe(keyRandomness(['a', 'bc']));
  const values = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\u00ff') }));
  fc.assert(
    fc.property(values, values, (left, right) => {
      const isSame = JSON.stringify(left) === JSON.stringify(right);
      expect(keyRandomness(left) === keyRandomness(right)).toBe(isSame);
    }),
  );
});

const BUCKETS = 256;
/** Chi-square of 255 degrees of freedom: a fair hash exceeds this once in 10,000 times. */
const CHI_SQUARE_MAX = 347;
const COUNT = 50_000;

test.each([
  ['counted orders of one user', (index: number) => ['trader-1', `${index}`]],
  ['one order of counted users', (index: number) => [`u${index}`, 'order-1']],
  ['padded numbers', (index: number) => ['desk', `ORD${String(index).padStart(9, '0')}`]],
  ['times', (index: number) => ['x', `${1_700_000_000_000 + index * 1_000}`]],
])('%s spread evenly over all randomness', (_name, keyOf) => {
  for (const shift of [2 ** 44, 2 ** 20, 1]) {
    const counts = new Array<number>(BUCKETS).fill(0);
    for (let index = 0; index < COUNT; index += 1) {
      const bucket = Math.floor(keyRandomness(keyOf(index)) / shift) % BUCKETS;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    const expected = COUNT / BUCKETS;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(CHI_SQUARE_MAX);
  }
});
