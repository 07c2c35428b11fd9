import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { testTracing } from '../testing/tracing.ts';
import { LeftOutSpan } from './left-out-span.ts';

const PARENT = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 2,
};

test('its id is one of its own, and the same whenever it is asked for', () => {
  const span = new LeftOutSpan(PARENT);
  const { spanId } = span.spanContext();
  expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(spanId).not.toBe(PARENT.spanId);
  expect(span.spanContext()).toBe(span.spanContext());
  expect(new LeftOutSpan(PARENT).spanContext().spanId).not.toBe(spanId);
});

test('it is not sampled, keeps the random flag and the trace state, and records nothing', () => {
  const traceState = {
    get: () => '1',
    set: () => traceState,
    unset: () => traceState,
    serialize: () => 'a=1',
  };
  const span = new LeftOutSpan({ ...PARENT, traceFlags: 3, traceState });
  expect(span.spanContext()).toMatchObject({ traceId: PARENT.traceId, traceFlags: 2, traceState });
  expect(span.isRecording()).toBe(false);
});

test('what a left-out span sends, and what follows below it, names the same trace and span', () => {
  const tracing = testTracing({ sampler: 'always_off' });
  const span = tracing.tracer.startSpan('x', {}, ROOT_CONTEXT);
  const carrier: Record<string, string> = {};
  tracing.propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier);
  const { traceId, spanId } = span.spanContext();
  expect(carrier.traceparent).toBe(`00-${traceId}-${spanId}-02`);
});

test('below a left-out span everything is left out, unless its own key says otherwise', () => {
  const tracing = testTracing({ sampler: 'lifecycle', samplingRate: 0.5 });
  const { tracer } = tracing;
  const parent = trace.setSpan(
    propagation.deleteBaggage(context.active()),
    new LeftOutSpan(PARENT),
  );
  expect(tracer.startSpan('x', {}, parent).spanContext()).toMatchObject({
    traceId: PARENT.traceId,
    traceFlags: 2,
  });
  const ofOrders = Array.from({ length: 40 }, (_, index) =>
    tracer.startSpan(
      'x',
      { attributes: { 'user.id': 'u', 'client.order_id': `o${index}` } },
      parent,
    ),
  );
  expect(new Set(ofOrders.map((span) => span.isRecording()))).toEqual(new Set([true, false]));
  expect(new Set(ofOrders.map((span) => span.spanContext().traceId))).toEqual(
    new Set([PARENT.traceId]),
  );
});
