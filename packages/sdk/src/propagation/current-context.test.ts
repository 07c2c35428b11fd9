import { context as contextApi, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testTracing } from '../testing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { extractContextFromCarrier, injectCurrentContext, withBaggage } from './current-context.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = testTracing({ global: true });
});
afterAll(() => tracing.shutdown());

const activeIds = () => propagation.getActiveBaggage()?.getAllEntries() ?? [];

test('the active context goes into a carrier, and out of it again', () => {
  tracing.tracer.startActiveSpan('x', (span) => {
    const carrier = withBaggage({ 'user.id': 'u1' }, () => injectCurrentContext());
    expect(Object.keys(carrier)).toEqual(['traceparent', 'baggage']);
    const context = extractContextFromCarrier(carrier);
    expect(trace.getSpanContext(context)?.spanId).toBe(span.spanContext().spanId);
    expect(propagation.getBaggage(context)?.getEntry('user.id')?.value).toBe('u1');
  });
});

test('another context can be given, and one without anything gives an empty carrier', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03';
  const context = extractContextFromCarrier({ traceparent });
  expect(injectCurrentContext(context)).toEqual({ traceparent });
  expect(injectCurrentContext()).toEqual({});
});

test('a carrier without a context gives none, whatever is active', () => {
  tracing.tracer.startActiveSpan('x', () => {
    withBaggage({ 'user.id': 'u1' }, () => {
      expect(extractContextFromCarrier({})).toBe(ROOT_CONTEXT);
    });
  });
});

test('business ids are added for the time of a function, and nest', () => {
  const found = withBaggage({ 'user.id': 'u1', symbol: 'A' }, () =>
    withBaggage({ symbol: 'B', 'batch.id': undefined }, activeIds),
  );
  expect(found).toEqual([
    ['user.id', { value: 'u1' }],
    ['symbol', { value: 'B' }],
  ]);
  expect(activeIds()).toEqual([]);
});

test('they last as long as an async function, and an error passes', async () => {
  const found = await withBaggage({ 'user.id': 'u1' }, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return activeIds();
  });
  expect(found).toEqual([['user.id', { value: 'u1' }]]);
  const error = new Error('no');
  expect(() =>
    withBaggage({ 'user.id': 'u1' }, () => {
      throw error;
    }),
  ).toThrow(error);
  expect(contextApi.active()).toBe(ROOT_CONTEXT);
});
