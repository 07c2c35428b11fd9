import {
  type BaggageEntry,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import {
  suppressTracing,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { withBusinessIds } from './business-ids.ts';
import type { Carrier } from './carrier.ts';
import { createPropagator, noopPropagator, StrictPropagator } from './propagator.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-03`;
const COMPACT = 'AAr3ZRkWzUPdhEjrIRyAMZy3rWtxaSAzMQM';
const propagator = new StrictPropagator(new BaggageAllowList());
const compact = new StrictPropagator(new BaggageAllowList(), { form: 'compact' });

const entries = (carrier: unknown) => propagator.read(carrier).baggage?.getAllEntries();
const traceState = (carrier: unknown) =>
  propagator.read(carrier).spanContext?.traceState?.serialize();
const injected = (by: StrictPropagator, carrier: unknown) => {
  const out: Carrier = {};
  by.inject(propagator.extract(ROOT_CONTEXT, carrier), out);
  return out;
};

test('trace context, trace state and allowed baggage go through a carrier unchanged', () => {
  const carrier = { traceparent: PARENT, tracestate: 'a=1,b=2', baggage: 'user.id=u1,other=x' };
  const context = propagator.extract(ROOT_CONTEXT, carrier);
  expect(trace.getSpanContext(context)).toMatchObject({ traceId: TRACE, isRemote: true });
  expect(injected(propagator, carrier)).toEqual({
    traceparent: PARENT,
    tracestate: 'a=1,b=2',
    baggage: 'user.id=u1',
  });
});

// Each title names the section of W3C Trace Context 2, or of W3C Baggage, that has the rule.
test.each([
  ['3.2.1', { TraceParent: PARENT }],
  ['3.2.1', { TRACEPARENT: PARENT }],
  ['3.2.1', { TrAcEpArEnT: PARENT, traceparen: 'x', traceparents: 'x' }],
])('%s the name of a traceparent matches in any case: %j', (_, carrier) => {
  expect(propagator.read(carrier)).toMatchObject({
    outcome: 'withContext',
    spanContext: { traceId: TRACE, spanId: SPAN, traceFlags: 3, isRemote: true },
  });
});

test.each([
  { 'trace-parent': PARENT },
  { 'trace.parent': PARENT },
  { trace_parent: PARENT },
])('3.2.1 another name is no traceparent: %j', (carrier) => {
  expect(propagator.read(carrier).outcome).toBe('withoutContext');
});

test.each([
  ['several in different case', { traceparent: PARENT, Traceparent: PARENT }],
  ['several in a list', { traceparent: [PARENT, PARENT] }],
  ['several of which one is empty', { traceparent: ['', PARENT] }],
  ['several of a higher version', { traceparent: [`cc-${PARENT.slice(3)}-x`, 'cc-x'] }],
  ['one that is empty', { traceparent: '' }],
])('4.3 a traceparent that is not one valid value restarts the trace: %s', (_, carrier) => {
  expect(propagator.read(carrier)).toMatchObject({ outcome: 'malformed', spanContext: undefined });
});

test('one traceparent in a list is one', () => {
  expect(propagator.read({ traceparent: [PARENT] }).outcome).toBe('withContext');
  expect(propagator.read({ traceparent: [] }).outcome).toBe('withoutContext');
});

test('3.3 a bad trace state does not hurt the traceparent', () => {
  const carrier = { traceparent: PARENT, tracestate: 'BAD' };
  expect(propagator.read(carrier)).toMatchObject({ outcome: 'withContext' });
  expect(injected(propagator, carrier)).toEqual({ traceparent: PARENT });
});

test('3.3 without a valid traceparent there is no trace state; baggage stays', () => {
  for (const traceparent of ['bad', undefined, [PARENT, PARENT]]) {
    const carrier = { traceparent, tracestate: 'a=1', baggage: 'user.id=u' };
    expect(injected(propagator, carrier)).toEqual({ baggage: 'user.id=u' });
  }
});

test('3.3.1 the name of a tracestate matches in any case, another name does not', () => {
  for (const name of ['TraceState', 'TRACESTATE', 'tracestate']) {
    expect(traceState({ traceparent: PARENT, [name]: 'a=1' })).toBe('a=1');
  }
  for (const name of ['trace-state', 'trace.state', 'tracestates']) {
    expect(traceState({ traceparent: PARENT, [name]: 'a=1' })).toBeUndefined();
  }
});

test('3.3.2 several tracestate headers are one list, in their order', () => {
  const tracestate = ['foo=1,bar=2', '', 'rojo=1 , congo=2', 'baz=3'];
  expect(traceState({ traceparent: PARENT, tracestate })).toBe('foo=1,bar=2,rojo=1,congo=2,baz=3');
  expect(traceState({ traceparent: PARENT, tracestate: 'a=1', Tracestate: 'b=2' })).toBe('a=1,b=2');
  expect(traceState({ traceparent: PARENT, tracestate: ['a=1', 'b'] })).toBeUndefined();
});

test('3.4 a context that nobody touched goes on with the same trace state', () => {
  const tracestate = Array.from({ length: 32 }, (_, at) => `key${at}=${'x'.repeat(80)}`).join(',');
  expect(injected(propagator, { traceparent: PARENT, tracestate })).toEqual({
    traceparent: PARENT,
    tracestate,
  });
});

test('Baggage 3.3: several headers are one list, with limits for all of it', () => {
  expect(entries({ baggage: ['user.id=u1', 'symbol=X'], Baggage: 'batch.id=b' })).toEqual([
    ['user.id', { value: 'u1' }],
    ['symbol', { value: 'X' }],
    ['batch.id', { value: 'b' }],
  ]);
  const full = `other=${'x'.repeat(8_170)}`;
  expect(entries({ baggage: [full, 'user.id=u1'] })).toEqual([['user.id', { value: 'u1' }]]);
  expect(entries({ baggage: [full, 'batch.id=b1', 'symbol=X', 'user.id=u1'] })).toEqual([
    ['batch.id', { value: 'b1' }],
  ]);
});

test('a carrier with nothing usable leaves the context as it was', () => {
  const before = withBusinessIds(ROOT_CONTEXT, { 'user.id': 'u1' });
  for (const carrier of [{}, { baggage: 'other=x' }, { baggage: '' }, { traceparent: 'bad' }]) {
    expect(propagator.extract(before, carrier)).toBe(before);
  }
});

test('a context without a valid span puts nothing into a carrier', () => {
  const uppercase = { traceId: TRACE.toUpperCase(), spanId: SPAN, traceFlags: 1 };
  for (const context of [ROOT_CONTEXT, trace.setSpanContext(ROOT_CONTEXT, uppercase)]) {
    const carrier: Carrier = {};
    propagator.inject(context, carrier);
    expect(carrier).toEqual({});
  }
});

test('where tracing is suppressed nothing is put into a carrier', () => {
  const carrier: Carrier = {};
  const context = propagator.extract(ROOT_CONTEXT, { traceparent: PARENT, baggage: 'user.id=u' });
  propagator.inject(suppressTracing(context), carrier);
  expect(carrier).toEqual({});
});

test('the compact form is written when asked for, with baggage beside it', () => {
  expect(injected(compact, { traceparent: PARENT })).toEqual({ _tl: COMPACT });
  expect(injected(compact, { traceparent: PARENT, baggage: 'user.id=u1' })).toEqual({
    _tl: COMPACT,
    baggage: 'user.id=u1',
  });
});

test('a trace state is not lost to the compact form: then the other form is written', () => {
  const carrier = { traceparent: PARENT, tracestate: 'a=1' };
  expect(injected(compact, carrier)).toEqual(carrier);
});

test('both forms are read, whatever is written', () => {
  for (const by of [propagator, compact]) {
    for (const carrier of [{ traceparent: PARENT }, { _tl: COMPACT }, { _TL: COMPACT }]) {
      expect(by.read(carrier)).toMatchObject({
        outcome: 'withContext',
        spanContext: { traceId: TRACE, spanId: SPAN, traceFlags: 3, isRemote: true },
      });
    }
    expect(by.fields()).toEqual(['traceparent', 'tracestate', 'baggage', '_tl']);
  }
});

test('a traceparent wins over the compact form, even a bad one', () => {
  const other = PARENT.replace(SPAN, '00f067aa0ba902b7');
  expect(propagator.read({ _tl: COMPACT, traceparent: other }).spanContext?.spanId).toBe(
    '00f067aa0ba902b7',
  );
  expect(propagator.read({ _tl: COMPACT, traceparent: 'bad' }).outcome).toBe('malformed');
});

test('a bad compact form is malformed, and so are several', () => {
  expect(propagator.read({ _tl: 'bad' }).outcome).toBe('malformed');
  expect(propagator.read({ _tl: [COMPACT, COMPACT] }).outcome).toBe('malformed');
  expect(propagator.read({ _tl: COMPACT, tracestate: 'a=1' }).spanContext).not.toHaveProperty(
    'traceState',
  );
});

test('headers of HTTP go through with the getter and setter of OpenTelemetry', () => {
  const any = createPropagator({ baggageKeys: ['tenant'] });
  const headers = {
    host: 'x',
    traceparent: PARENT,
    tracestate: ['a=1', 'b=2'],
    baggage: 'tenant=t,user.id=u',
  };
  const context = any.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
  const out: Record<string, string> = {};
  any.inject(context, out, defaultTextMapSetter);
  expect(out).toEqual({ traceparent: PARENT, tracestate: 'a=1,b=2', baggage: 'tenant=t' });
  expect(any.extract(ROOT_CONTEXT, undefined, defaultTextMapGetter)).toBe(ROOT_CONTEXT);
});

test('other carriers go through with getters and setters of their own', () => {
  const headers = new Map<string, string | string[]>([['Traceparent', PARENT]]);
  const context = createPropagator({ form: 'compact' }).extract(ROOT_CONTEXT, headers, {
    keys: (carrier) => [...carrier.keys()],
    get: (carrier, key) => carrier.get(key),
  });
  const out = new Map<string, string>();
  compact.inject(context, out, { set: (carrier, key, value) => void carrier.set(key, value) });
  expect([...out]).toEqual([['_tl', COMPACT]]);
});

test('what the stock propagators write is read, and the other way round', () => {
  const context = withBusinessIds(
    trace.setSpanContext(ROOT_CONTEXT, {
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: TraceFlags.SAMPLED,
    }),
    { 'user.id': 'ü 1', symbol: 'BTC/USD' },
  );
  const stock = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  const theirs: Carrier = {};
  for (const each of stock) each.inject(context, theirs, defaultTextMapSetter);
  const read = propagator.extract(ROOT_CONTEXT, theirs);
  expect(trace.getSpanContext(read)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    traceFlags: 1,
    isRemote: true,
  });
  expect(propagation.getBaggage(read)?.getEntry('user.id')?.value).toBe('ü 1');
  const ours: Carrier = {};
  propagator.inject(context, ours);
  const back = stock.reduce(
    (base, each) => each.extract(base, ours, defaultTextMapGetter),
    ROOT_CONTEXT,
  );
  expect(trace.getSpanContext(back)?.spanId).toBe(SPAN);
  expect(propagation.getBaggage(back)?.getEntry('symbol')?.value).toBe('BTC/USD');
});

test('baggage of the API goes out like our own', () => {
  const baggage = propagation.createBaggage({ 'user.id': { value: 'u 1' }, other: { value: 'x' } });
  const carrier: Carrier = {};
  propagator.inject(propagation.setBaggage(ROOT_CONTEXT, baggage), carrier);
  expect(carrier).toEqual({ baggage: 'user.id=u%201' });
});

test('a carrier that takes nothing, or baggage that is broken, does not hurt the message', () => {
  const context = propagator.extract(ROOT_CONTEXT, { traceparent: PARENT, baggage: 'user.id=u' });
  expect(() => propagator.inject(context, Object.freeze({}))).not.toThrow();
  const broken = propagation.createBaggage({ 'user.id': undefined as unknown as BaggageEntry });
  expect(() => propagator.inject(propagation.setBaggage(context, broken), {})).not.toThrow();
});

test('business ids travel, and an undefined one changes nothing', () => {
  const first = withBusinessIds(ROOT_CONTEXT, { 'user.id': 'u1', 'batch.id': 'b1' });
  const second = withBusinessIds(first, { 'user.id': undefined, 'batch.id': 'b2' });
  const carrier: Carrier = {};
  propagator.inject(second, carrier);
  expect(carrier).toEqual({ baggage: 'user.id=u1,batch.id=b2' });
  expect(propagation.getBaggage(first)?.getEntry('batch.id')?.value).toBe('b1');
  expect(withBusinessIds(first, { 'user.id': undefined })).toBe(first);
});

test('disabled, nothing goes in and nothing comes out', () => {
  const carrier: Carrier = {};
  noopPropagator.inject(propagator.extract(ROOT_CONTEXT, { traceparent: PARENT }), carrier);
  expect(carrier).toEqual({});
  expect(noopPropagator.extract(ROOT_CONTEXT, { traceparent: PARENT })).toBe(ROOT_CONTEXT);
});
