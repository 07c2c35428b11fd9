import { expect, test } from 'vitest';
import { parseDestination } from './destination.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

test.each([
  TRACE_ID,
  TRACE_ID.toUpperCase(),
  '4bf92f35-77b3-4da6-a3ce-929d0e0e4736',
  `  "${TRACE_ID}",`,
  `http://localhost:16686/traces/${TRACE_ID}?span=x`,
  `https://jaeger.example/ui/trace/${TRACE_ID}`,
])('%s leads to the trace', (text) => {
  expect(parseDestination(text)).toEqual({ to: 'trace', traceId: TRACE_ID, spanId: undefined });
});

test.each([
  `00-${TRACE_ID}-${SPAN_ID}-01`,
  `${TRACE_ID}:${SPAN_ID}`,
])('%s leads to the span in its trace', (text) => {
  expect(parseDestination(text)).toEqual({ to: 'trace', traceId: TRACE_ID, spanId: SPAN_ID });
});

test('a key with a slash leads to the order, and only the first slash splits it', () => {
  expect(parseDestination('u1/o/2')).toEqual({ to: 'order', key: { user: 'u1', order: 'o/2' } });
});

test('an address of an order page is decoded', () => {
  expect(parseDestination('http://localhost:16686/orders/a%2Fb/o%201')).toEqual({
    to: 'order',
    key: { user: 'a/b', order: 'o 1' },
  });
});

test('an address of another lifecycle leads to it', () => {
  const text = 'http://localhost:16686/lifecycles/bot_order/o%2F1?view=graph';
  expect(parseDestination(text)).toEqual({ to: 'lifecycle', name: 'bot_order', key: 'o/1' });
});

test.each([
  '/server',
  'http://localhost:16686/server#refusals',
])('%s leads to the server', (text) => {
  expect(parseDestination(text)).toEqual({ to: 'server' });
});

test('an address that cannot be decoded is searched for instead of failing', () => {
  const text = 'http://localhost/orders/%E0%A4%A/o1';
  expect(parseDestination(text)).toEqual({ to: 'search', q: text });
});

test('other text is a search, and blank text is nothing', () => {
  expect(parseDestination('ord-42')).toEqual({ to: 'search', q: 'ord-42' });
  expect(parseDestination('  ')).toBeUndefined();
});
