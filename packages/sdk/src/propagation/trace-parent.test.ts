import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTraceParent, parseTraceParent } from './trace-parent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a sampled version 00 header is read', () => {
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-01`)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    traceFlags: 1,
    isRemote: true,
  });
});

test.each([
  ['nothing', ''],
  ['version 00 with more than 55 characters', `00-${TRACE}-${SPAN}-01-what`],
  ['version 00 with a trailing dash', `00-${TRACE}-${SPAN}-01-`],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a zero trace id', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a zero span id', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['a long span id', `00-${TRACE}-${SPAN}0-01`],
  ['flags of one digit', `00-${TRACE}-${SPAN}-1`],
  ['flags that are no hex digits', `00-${TRACE}-${SPAN}-.0`],
  ['a version of one digit', `0-${TRACE}-${SPAN}-01`],
  ['a higher version that goes on without a dash', `cc-${TRACE}-${SPAN}-01what`],
  ['two headers joined to one', `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`],
  ['other white space than spaces and tabs', `\u00a000-${TRACE}-${SPAN}-01`],
])('%s is not valid', (_, header) => {
  expect(parseTraceParent(header)).toBeUndefined();
});

test.each([
  `cc-${TRACE}-${SPAN}-01`,
  `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`,
  ` \t00-${TRACE}-${SPAN}-01\t `,
])('%j is read like version 00, without what it adds', (header) => {
  expect(parseTraceParent(header)).toMatchObject({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
});

test('the random flag is kept and unknown flags are cleared', () => {
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-ff`)?.traceFlags).toBe(3);
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-02`)?.traceFlags).toBe(2);
  expect(parseTraceParent(`00-${TRACE}-${SPAN}-fc`)?.traceFlags).toBe(0);
});

test('flags are always written as two digits of known flags', () => {
  const header = formatTraceParent({ traceId: TRACE, spanId: SPAN, traceFlags: 0xff });
  expect(header).toBe(`00-${TRACE}-${SPAN}-03`);
});

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => /[^0]/.test(id));

test('what is written is read back', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 3 }), (traceId, spanId, traceFlags) => {
      const header = formatTraceParent({ traceId, spanId, traceFlags });
      expect(header).toHaveLength(55);
      expect(parseTraceParent(header)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
    }),
  );
});
