import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { afterEach, expect, test } from 'vitest';
import { withBusinessIds } from '../propagation/business-ids.ts';
import { readable, testTracing } from '../testing/tracing.ts';
import { readTracingConfig } from './config.ts';
import { serviceResource } from './resource.ts';

afterEach(() => {
  trace.disable();
  propagation.disable();
});

test('two services in one thread are apart, and one context serves both', async () => {
  const first = testTracing({ serviceName: 'first', serviceVersion: '1.2' });
  const second = testTracing({ serviceName: 'second' });
  await first.tracer.startActiveSpan('outer', async (outer) => {
    await Promise.resolve();
    const inner = readable(second.tracer.startSpan('inner'));
    expect(inner.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
  });
  expect([first.stats().started, second.stats().started]).toEqual([1, 1]);
});

test('a resource says who made the spans, and each tracing is an instance of its own', () => {
  const first = serviceResource(readTracingConfig({ serviceName: 'first', serviceVersion: '1.2' }));
  expect(first.attributes).toMatchObject({
    [ATTR.serviceName]: 'first',
    [ATTR.serviceVersion]: '1.2',
    'process.pid': process.pid,
    'telemetry.sdk.language': 'nodejs',
  });
  expect(first.attributes[ATTR.hostName]).toBeTypeOf('string');
  const second = serviceResource(readTracingConfig({ serviceName: 'first' }));
  expect(second.attributes[ATTR.serviceInstanceId]).not.toBe(
    first.attributes[ATTR.serviceInstanceId],
  );
});

test('the first tracing serves the global API until its shutdown', async () => {
  const first = testTracing({ global: true });
  const second = testTracing({ global: true });
  trace.getTracer('library').startSpan('x').end();
  expect([first.stats().ended, second.stats().ended]).toEqual([1, 0]);
  expect(propagation.fields()).toContain('traceparent');
  await second.shutdown(0);
  trace.getTracer('library').startSpan('x').end();
  expect(first.stats().ended).toBe(2);
  await first.shutdown(0);
  const third = testTracing({ global: true });
  trace.getTracer('library').startSpan('x').end();
  expect(third.stats().ended).toBe(1);
  await third.shutdown(0);
});

test('allowed baggage is on every span, and what the span says itself stays', () => {
  const tracing = testTracing();
  const base = withBusinessIds(ROOT_CONTEXT, { [ATTR.userId]: 'u1', session: 'private' });
  const plain = tracing.tracer.startSpan('x', {}, base);
  expect(readable(plain).attributes).toEqual({ [ATTR.userId]: 'u1' });
  const own = tracing.tracer.startSpan('x', { attributes: { [ATTR.userId]: 'own' } }, base);
  expect(readable(own).attributes).toEqual({ [ATTR.userId]: 'own' });
});

test('a parent decides for its children, and the rate for new traces', () => {
  const never = testTracing({ samplingRate: 0 });
  expect(never.tracer.startSpan('x', {}, ROOT_CONTEXT).isRecording()).toBe(false);
  const parent = testTracing().tracer.startSpan('parent', {}, ROOT_CONTEXT);
  const child = never.tracer.startSpan('x', {}, trace.setSpan(ROOT_CONTEXT, parent));
  expect(child.isRecording()).toBe(true);
  const some = testTracing({ samplingRate: 0.5 });
  for (let index = 0; index < 200; index += 1) some.tracer.startSpan('x', {}, ROOT_CONTEXT).end();
  expect(some.stats().ended).toBeGreaterThan(40);
  expect(some.stats().ended).toBeLessThan(160);
});

test('disabled, every call works and there is nothing to see', async () => {
  const tracing = testTracing({ enabled: false });
  const span = tracing.tracer.startSpan('x');
  span.setAttribute('a', 1).setStatus({ code: SpanStatusCode.ERROR }).end();
  expect(span.isRecording()).toBe(false);
  expect(tracing.tracer.startActiveSpan('y', () => 7)).toBe(7);
  tracing.createRegistry().get('nothing');
  tracing.flushSync();
  expect(await tracing.flush()).toBe(true);
  expect(await tracing.shutdown()).toBe(true);
  expect(tracing.stats()).toMatchObject({ started: 0, ended: 0, registries: { misses: 1 } });
});

test('the context survives an await, as no instrumentation could do without', async () => {
  testTracing();
  const key = Symbol('key');
  const marked = ROOT_CONTEXT.setValue(key, 'value');
  const seen = await context.with(marked, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return context.active().getValue(key);
  });
  expect(seen).toBe('value');
});
