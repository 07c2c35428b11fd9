import { createTraceState, INVALID_SPAN_CONTEXT, isSpanContextValid } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SpanContextSlots } from './span-context-slots.ts';

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });

test('a context is read as it was written, beside others', () => {
  const spanContext = fc.record({
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: fc.integer({ min: 0, max: 255 }),
  });
  const optional = fc.constantFrom({}, { isRemote: true }, { traceState: createTraceState('a=1') });
  const context = fc.tuple(spanContext, optional).map(([ids, rest]) => ({ ...ids, ...rest }));
  fc.assert(
    fc.property(fc.array(context, { maxLength: 5 }), (given) => {
      const slots = new SpanContextSlots(5);
      for (const [slot, each] of given.entries()) slots.write(slot, each);
      expect(given.map((_, slot) => slots.read(slot))).toEqual(given);
    }),
  );
});

test('nothing of the context that was in the slot before is left', () => {
  const slots = new SpanContextSlots(1);
  const before = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: 1,
    isRemote: true,
    traceState: createTraceState('a=1'),
  };
  const after = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 0 };
  for (const context of [after, { ...after, traceId: 'short' }, { ...after, spanId: 'no hex' }]) {
    slots.write(0, before);
    slots.write(0, context);
    expect(slots.read(0)).toEqual(context === after ? after : INVALID_SPAN_CONTEXT);
    expect(isSpanContextValid(slots.read(0))).toBe(context === after);
  }
});
