import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCompact, looksCompact, parseCompact } from './compact.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const TEXT = 'AAr3ZRkWzUPdhEjrIRyAMZy3rWtxaSAzMQM';

/** Bytes as the compact form writes them, whatever they are. */
const encoded = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');

test('26 bytes are 35 characters: version, trace id, span id, flags', () => {
  const spanContext = { traceId: TRACE, spanId: SPAN, traceFlags: 3 };
  expect(formatCompact(spanContext)).toBe(TEXT);
  expect(encoded(`00${TRACE}${SPAN}03`)).toBe(TEXT);
  expect(parseCompact(TEXT)).toEqual({ ...spanContext, isRemote: true });
});

test('flags that nobody defined are cleared, in and out', () => {
  expect(parseCompact(encoded(`00${TRACE}${SPAN}ff`))?.traceFlags).toBe(3);
  expect(formatCompact({ traceId: TRACE, spanId: SPAN, traceFlags: 0xff })).toBe(TEXT);
});

test.each([
  ['another version', encoded(`01${TRACE}${SPAN}03`)],
  ['a zero trace id', encoded(`00${'0'.repeat(32)}${SPAN}03`)],
  ['a zero span id', encoded(`00${TRACE}${'0'.repeat(16)}03`)],
  ['a byte too few', encoded(`00${TRACE}${SPAN}`)],
  ['a byte too many', encoded(`00${TRACE}${SPAN}0300`)],
  ['nothing', ''],
  ['padding', `${TEXT}=`],
  ['white space', ` ${TEXT}`],
  ['the other alphabet', `${TEXT.slice(0, 10)}+/${TEXT.slice(12)}`],
  ['bits behind the last byte', `${TEXT.slice(0, 34)}N`],
  ['a line feed', `${TEXT.slice(0, 34)}\n`],
])('%s is not valid', (_, text) => {
  expect(parseCompact(text)).toBeUndefined();
});

test('the form is told from the content', () => {
  expect(looksCompact(encoded(`ff${TRACE}${SPAN}03`))).toBe(true);
  expect(looksCompact('TL-123')).toBe(false);
});

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => /[^0]/.test(id));

test('what is written is read back, and only what would be written is read', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 3 }), (traceId, spanId, traceFlags) => {
      const text = formatCompact({ traceId, spanId, traceFlags });
      expect(text).toHaveLength(35);
      expect(parseCompact(text)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{35}$/), (text) => {
      const spanContext = parseCompact(text);
      // The first 33 characters hold all but the flags, of which unknown ones are cleared.
      if (spanContext) expect(formatCompact(spanContext).slice(0, 33)).toBe(text.slice(0, 33));
    }),
  );
});
