import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { getTracer } from './get-tracer.ts';

const tracer = getTracer();

afterEach(() => trace.disable());

test('before tracing starts every call works and does nothing', () => {
  const span = tracer.startSpan('x', { attributes: { a: 1 } });
  expect(span.isRecording()).toBe(false);
  expect(tracer.startActiveSpan('x', (active) => active.isRecording())).toBe(false);
  tracer.addEvent('event', { a: 1 });
  tracer.setAttribute('a', 1);
  tracer.recordException(new TypeError('x'));
});

test('the same tracer makes spans once tracing has started, and none after its shutdown', async () => {
  const tracing = testTracing({ global: true });
  const options = { kind: SpanKind.CLIENT, attributes: { 'order.symbol': 'BTCUSDT' } };
  const span = readable(tracer.startSpan('order_execution', options));
  expect(span.attributes).toEqual({ 'order.symbol': 'BTCUSDT' });
  expect(span.kind).toBe(SpanKind.CLIENT);
  span.end();
  expect(tracing.stats().ended).toBe(1);
  await tracing.shutdown(0);
  expect(tracer.startSpan('x').isRecording()).toBe(false);
});

test('a span is a child of the active one, or of the context that is given', async () => {
  const tracing = testTracing({ global: true });
  tracer.startActiveSpan('outer', (outer) => {
    const { traceId } = outer.spanContext();
    expect(tracer.startSpan('inner').spanContext().traceId).toBe(traceId);
    expect(tracer.startSpan('root', {}, ROOT_CONTEXT).spanContext().traceId).not.toBe(traceId);
    expect(tracer.startActiveSpan('inner', {}, () => trace.getActiveSpan())).not.toBe(outer);
    const inRoot = tracer.startActiveSpan('inner', {}, ROOT_CONTEXT, () => trace.getActiveSpan());
    expect(readable(inRoot).parentSpanContext).toBeUndefined();
  });
  await tracing.shutdown(0);
});

test('events, attributes and exceptions go to the active span', async () => {
  const tracing = testTracing({ global: true });
  const span = readable(tracer.startSpan('signal_generation.momentum'));
  context.with(trace.setSpan(context.active(), span), () => {
    tracer.addEvent('signal', { 'signal.confidence': 87 });
    tracer.setAttribute('signal.generated', true);
    tracer.recordException(new TypeError('no candles'));
  });
  expect(span.attributes).toEqual({ 'signal.generated': true, 'error.type': 'TypeError' });
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no candles' });
  expect(span.events.map(({ name }) => name)).toEqual(['signal', 'exception']);
  expect(span.events[1]?.attributes?.['exception.stacktrace']).toContain('get-tracer.test.ts');
  await tracing.shutdown(0);
});

test.each([
  undefined,
  null,
  'text',
  7,
  Object.create(null),
])('%s can be recorded', async (thrown) => {
  const tracing = testTracing({ global: true });
  tracer.startActiveSpan('x', (span) => {
    tracer.recordException(thrown);
    expect(readable(span).status.code).toBe(SpanStatusCode.ERROR);
  });
  await tracing.shutdown(0);
});
