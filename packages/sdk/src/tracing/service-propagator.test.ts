import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { withBusinessIds } from '../propagation/business-ids.ts';
import type { Carrier } from '../propagation/carrier.ts';
import { testTracing } from '../testing/tracing.ts';
import type { PropagatorName } from './config.ts';

const HEADERS = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  baggage: 'user.id=u1',
};

test.each<[PropagatorName[], string[], boolean, boolean]>([
  [['tracecontext', 'baggage'], ['traceparent', 'baggage'], true, true],
  [['tracecontext'], ['traceparent'], true, false],
  [['compact', 'baggage'], ['_tl', 'baggage'], true, true],
  [['baggage'], ['baggage'], false, true],
  [['none'], [], false, false],
])('%j writes %j, and reads the same', (propagators, written, readsSpan, readsBaggage) => {
  const { propagator, tracer } = testTracing({ propagators });
  const span = tracer.startSpan('x', {}, ROOT_CONTEXT);
  const context = withBusinessIds(trace.setSpan(ROOT_CONTEXT, span), { 'user.id': 'u1' });
  const carrier: Carrier = {};
  propagator.inject(context, carrier);
  expect(Object.keys(carrier)).toEqual(written);

  const read = propagator.read(HEADERS);
  expect(read.spanContext !== undefined).toBe(readsSpan);
  expect(read.outcome).toBe(readsSpan ? 'withContext' : 'withoutContext');
  expect(read.baggage?.getEntry('user.id')?.value).toBe(readsBaggage ? 'u1' : undefined);

  const extracted = propagator.extract(ROOT_CONTEXT, HEADERS);
  expect(trace.getSpanContext(extracted) !== undefined).toBe(readsSpan);
  const kept = propagator.extract(trace.setSpan(ROOT_CONTEXT, span), {});
  expect(trace.getSpan(kept)).toBe(span);
});

test('what is not propagated as baggage is still on the spans of this service', () => {
  const { tracer } = testTracing({ propagators: ['tracecontext'] });
  const context = withBusinessIds(ROOT_CONTEXT, { 'user.id': 'u1' });
  expect(tracer.startSpan('x', {}, context)).toMatchObject({ attributes: { 'user.id': 'u1' } });
});
