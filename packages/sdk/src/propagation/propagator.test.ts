import { isSpanContextValid, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { withBusinessIds } from './business-ids.ts';
import type { Carrier } from './carrier.ts';
import { noopPropagator, StrictPropagator } from './propagator.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-03`;
const propagator = new StrictPropagator(new BaggageAllowList());

test('trace context, trace state and allowed baggage go through a carrier unchanged', () => {
  const carrier = { traceparent: PARENT, tracestate: 'a=1,b=2', baggage: 'user.id=u1,other=x' };
  const context = propagator.extract(ROOT_CONTEXT, carrier);
  expect(trace.getSpanContext(context)).toMatchObject({ traceId: TRACE, isRemote: true });
  const out: Carrier = {};
  propagator.inject(context, out);
  expect(out).toEqual({ traceparent: PARENT, tracestate: 'a=1,b=2', baggage: 'user.id=u1' });
});

test('names match in any case', () => {
  const { outcome, spanContext } = propagator.read({ TraceParent: PARENT, TRACESTATE: 'a=1' });
  expect(outcome).toBe('withContext');
  expect(spanContext?.traceState?.serialize()).toBe('a=1');
});

test('several traceparents restart the trace, whether as a list or in different case', () => {
  expect(propagator.read({ traceparent: PARENT, Traceparent: PARENT }).outcome).toBe('malformed');
  expect(propagator.read({ traceparent: [PARENT, PARENT] }).outcome).toBe('malformed');
  expect(propagator.read({ traceparent: [PARENT] }).outcome).toBe('withContext');
});

test('a bad trace state does not hurt the traceparent; a bad traceparent drops the state', () => {
  expect(propagator.read({ traceparent: PARENT, tracestate: 'BAD' })).toMatchObject({
    outcome: 'withContext',
    spanContext: { traceId: TRACE },
  });
  expect(propagator.read({ traceparent: 'bad', tracestate: 'a=1', baggage: 'user.id=u' })).toEqual({
    outcome: 'malformed',
    spanContext: undefined,
    baggage: propagation.createBaggage({ 'user.id': { value: 'u' } }),
  });
});

test('a context without a valid span puts nothing into a carrier', () => {
  const carrier: Carrier = {};
  propagator.inject(ROOT_CONTEXT, carrier);
  expect(carrier).toEqual({});
});

test('OpenTelemetry getters and setters work, as for any instrumentation library', () => {
  const headers = new Map([['Traceparent', PARENT]]);
  const context = propagator.extract(ROOT_CONTEXT, headers, {
    keys: (carrier) => [...carrier.keys()],
    get: (carrier, key) => carrier.get(key),
  });
  const out = new Map<string, string>();
  propagator.inject(context, out, { set: (carrier, key, value) => void carrier.set(key, value) });
  expect(out.get('traceparent')).toBe(PARENT);
});

test('business ids travel, and an undefined one changes nothing', () => {
  const first = withBusinessIds(ROOT_CONTEXT, { 'user.id': 'u1', 'batch.id': 'b1' });
  const second = withBusinessIds(first, { 'user.id': undefined, 'batch.id': 'b2' });
  const carrier: Carrier = {};
  propagator.inject(second, carrier);
  expect(carrier).toEqual({ baggage: 'user.id=u1,batch.id=b2' });
  expect(propagation.getBaggage(first)?.getEntry('batch.id')?.value).toBe('b1');
});

test('disabled, nothing goes in and nothing comes out', () => {
  const carrier: Carrier = {};
  noopPropagator.inject(propagator.extract(ROOT_CONTEXT, { traceparent: PARENT }), carrier);
  expect(carrier).toEqual({});
  expect(noopPropagator.extract(ROOT_CONTEXT, { traceparent: PARENT })).toBe(ROOT_CONTEXT);
});

test('no carrier makes it throw, and what comes out of one is valid', () => {
  const header = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(PARENT, `${PARENT} `, 'a=1,b=2', 'user.id=%F0%9F'),
    fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
  );
  const carrier = fc.oneof(
    fc.anything(),
    fc.record(
      { traceparent: header, tracestate: header, baggage: header, Baggage: fc.anything() },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(carrier, (anything) => {
      const context = propagator.extract(ROOT_CONTEXT, anything);
      const spanContext = trace.getSpanContext(context);
      if (spanContext) expect(isSpanContextValid(spanContext)).toBe(true);
      const out: Carrier = {};
      propagator.inject(context, out);
      const again: Carrier = {};
      propagator.inject(propagator.extract(ROOT_CONTEXT, out), again);
      expect(again).toEqual(out);
    }),
    { numRuns: 1_000 },
  );
});
