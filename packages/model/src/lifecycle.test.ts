import { expect, test } from 'vitest';
import { z } from 'zod';
import { errorResponseSchema } from './api/error.ts';
import { lifecyclesQuerySchema } from './api/lifecycles.ts';
import { parseSpanRef, spanIdSchema, spanRef, spanRefSchema, traceIdSchema } from './ids.ts';
import { lifecycleRowSchema } from './lifecycle.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

test('ids are lowercase hex and never all zero', () => {
  expect(traceIdSchema.safeParse(TRACE_ID).success).toBe(true);
  expect(traceIdSchema.safeParse('0'.repeat(32)).success).toBe(false);
  expect(traceIdSchema.safeParse(TRACE_ID.toUpperCase()).success).toBe(false);
  expect(spanIdSchema.safeParse('0'.repeat(16)).success).toBe(false);
});

test('a span reference carries both ids and gives them back', () => {
  const ref = spanRef({ traceId: TRACE_ID, spanId: SPAN_ID });
  expect(spanRefSchema.parse(ref)).toBe(ref);
  expect(parseSpanRef(ref)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID });
  expect(spanRefSchema.safeParse(`${SPAN_ID}:${TRACE_ID}`).success).toBe(false);
});

test('a row keeps its nanoseconds through JSON', () => {
  const row = {
    name: 'order',
    key: 'u1/o1',
    begin: 1_700_000_000_123_456_789n,
    end: 1_700_000_000_123_456_999n,
    durationNs: 210n,
    status: 'filled',
    complete: true,
    attributes: { 'order.quantity': '0.5' },
    stages: [{ label: 'gateway', kind: 'work' as const, ns: 210n }],
    flags: [],
  };
  const json = JSON.parse(JSON.stringify(z.encode(lifecycleRowSchema, row)));
  expect(json.begin).toBe('1700000000123456789');
  expect(lifecycleRowSchema.parse(json)).toEqual(row);
});

test('a query of nothing asks for the newest fifty orders', () => {
  expect(lifecyclesQuerySchema.parse({})).toEqual({
    name: 'order',
    q: '',
    limit: 50,
    sort: 'begin',
  });
  expect(lifecyclesQuerySchema.safeParse({ limit: '100000' }).success).toBe(false);
});

test('an error answer carries a code from the list', () => {
  const answer = { error: { code: 'TL_NOT_FOUND', message: 'no such page' } };
  expect(errorResponseSchema.safeParse(answer).success).toBe(true);
  expect(errorResponseSchema.safeParse({ error: { code: 'X', message: '' } }).success).toBe(false);
});
