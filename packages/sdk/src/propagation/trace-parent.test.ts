import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTraceParent, hasValidIds, parseTraceParent } from './trace-parent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const REST = `${TRACE}-${SPAN}-01`;

test('a sampled version 00 header is read', () => {
  expect(parseTraceParent(`00-${REST}`)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    traceFlags: 1,
    isRemote: true,
  });
});

// Each title names the section of W3C Trace Context 2 that has the rule.
test.each([
  ['3.2.2 nothing', ''],
  ['3.2.2 white space alone', ' '.repeat(60)],
  ['3.2.2 other white space than spaces and tabs', `\u00a000-${REST}`],
  ['3.2.2 a line feed at the end', `00-${REST}\n`],
  ['3.2.2 another delimiter than a dash', `00_${TRACE}_${SPAN}_01`],
  ['3.2.2 characters that look like digits', `00-${TRACE.slice(1)}\u0660-${SPAN}-01`],
  ['3.2.2.1 version ff', `ff-${REST}`],
  ['3.2.2.1 version ff that goes on', `ff-${REST}-more`],
  ['3.2.2.1 a version in upper case', `CC-${REST}`],
  ['3.2.2.2 version 00 with more than 55 characters', `00-${REST}-what`],
  ['3.2.2.2 version 00 with a trailing dash', `00-${REST}-`],
  ['3.2.2.2 version 00 with another character behind', `00-${REST}.`],
  ['3.2.2.2 version 00 with fewer than 55 characters', `00-${TRACE}-${SPAN}-0`],
  ['3.2.2.2 without flags', `00-${TRACE}-${SPAN}`],
  ['3.2.2.3 a zero trace id', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['3.2.2.3 a trace id in upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['3.2.2.3 a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['3.2.2.3 a long trace id', `00-${TRACE}0-${SPAN}-01`],
  ['3.2.2.3 a trace id that is no hex number', `00-${TRACE.slice(1)}.-${SPAN}-01`],
  ['3.2.2.3 a trace id that begins with no hex digit', `00-g${TRACE.slice(1)}-${SPAN}-01`],
  ['3.2.2.4 a zero parent id', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['3.2.2.4 a parent id in upper case', `00-${TRACE}-${SPAN.toUpperCase()}-01`],
  ['3.2.2.4 a short parent id', `00-${TRACE}-${SPAN.slice(1)}-01`],
  ['3.2.2.4 a long parent id', `00-${TRACE}-${SPAN}0-01`],
  ['3.2.2.4 a parent id that is no hex number', `00-${TRACE}-.${SPAN.slice(1)}-01`],
  ['3.2.2.5 flags of one digit', `00-${TRACE}-${SPAN}-1`],
  ['3.2.2.5 flags of three digits', `00-${TRACE}-${SPAN}-001`],
  ['3.2.2.5 flags that begin with no hex digit', `00-${TRACE}-${SPAN}-.0`],
  ['3.2.2.5 flags that end with no hex digit', `00-${TRACE}-${SPAN}-0.`],
  ['3.2.2.5 flags in upper case', `00-${TRACE}-${SPAN}-0A`],
  ['3.2.4 a version of one digit', `0-${REST}`],
  ['3.2.4 a version of three digits', `000-${REST}`],
  ['3.2.4 a version that is no hex number', `.0-${REST}`],
  ['3.2.4 a version that ends with no hex digit', `0.-${REST}`],
  ['3.2.4 a version that no dash follows', `cc.${REST}`],
  ['3.2.4 a higher version shorter than 55 characters', `cc-${TRACE}-${SPAN}-0`],
  ['3.2.4 a higher version that goes on without a dash', `cc-${REST}what`],
  ['3.2.4 a higher version that goes on with a dot', `cc-${REST}.what`],
  ['3.2.4 a higher version with a zero trace id', `cc-${'0'.repeat(32)}-${SPAN}-01`],
  ['3.2.4 a higher version that is prohibitively large', `cc-${REST}-${'x'.repeat(500)}`],
  ['4.3 two headers that a server joined', `00-${REST},00-${REST}`],
  ['4.3 two of a higher version that a server joined', `cc-${REST}-a,cc-${REST}-a`],
])('%s is not valid', (_, header) => {
  expect(parseTraceParent(header)).toBeUndefined();
});

test.each([
  ['3.2.4 a higher version', `cc-${REST}`],
  ['3.2.4 the next version', `01-${REST}`],
  ['3.2.4 the highest version', `fe-${REST}`],
  ['3.2.4 a higher version with what it adds', `cc-${REST}-what-the-future-will-be-like`],
  ['3.2.4 a higher version with a dash alone', `cc-${REST}-`],
  ['3.2.2 white space around version 00', ` \t00-${REST}\t `],
  ['3.2.2 white space around a higher version', `\t cc-${REST} \t`],
])('%s is read like version 00', (_, header) => {
  expect(parseTraceParent(header)).toMatchObject({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
});

test.each([
  ['3.2.2.5.1 sampled', '00', '01', 1],
  ['3.2.2.5.1 not sampled', '00', '00', 0],
  ['3.2.2.5.1 sampled beside an unknown flag', '00', '09', 1],
  ['3.2.2.5.2 random', '00', '02', 2],
  ['3.2.2.5.2 sampled and random', '00', '03', 3],
  ['3.2.2.5.3 all flags, of which two are known', '00', 'ff', 3],
  ['3.2.2.5.3 unknown flags alone', '00', 'fc', 0],
  ['3.2.4 the sampled flag of a higher version', 'cc', '01', 1],
  ['3.2.4 other flags of a higher version', 'cc', 'fe', 0],
])('%s: version %s, flags %s are %i', (_, version, flags, expected) => {
  expect(parseTraceParent(`${version}-${TRACE}-${SPAN}-${flags}`)?.traceFlags).toBe(expected);
});

test('3.2.2.5.3 flags are always written as two digits of known flags', () => {
  const header = formatTraceParent({ traceId: TRACE, spanId: SPAN, traceFlags: 0xff });
  expect(header).toBe(`00-${TRACE}-${SPAN}-03`);
});

test('3.2.2.3 and 3.2.2.4 only ids in lower case and of the right length are written', () => {
  const valid = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
  expect(hasValidIds(valid)).toBe(true);
  expect(hasValidIds({ ...valid, traceId: TRACE.toUpperCase() })).toBe(false);
  expect(hasValidIds({ ...valid, traceId: `${TRACE}0` })).toBe(false);
  expect(hasValidIds({ ...valid, spanId: SPAN.slice(1) })).toBe(false);
  expect(hasValidIds({ ...valid, spanId: '0'.repeat(16) })).toBe(false);
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

/** The grammar once more, as an expression: slow, and easy to check against the specification. */
const GRAMMAR = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

test('one changed character is judged as the grammar judges it', () => {
  const character = fc.oneof(fc.constantFrom(...'0123456789abcdefABCDEFg-. ,\t'), fc.string());
  fc.assert(
    fc.property(fc.nat({ max: 54 }), character, (at, by) => {
      const header = `00-${REST}`;
      const changed = header.slice(0, at) + by + header.slice(at + 1);
      if (/^[ \t]|[ \t]$/.test(changed)) return;
      expect(parseTraceParent(changed) !== undefined).toBe(GRAMMAR.test(changed));
    }),
    { numRuns: 2_000 },
  );
});
