import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { withoutPropagation } from '../privacy/withheld-context.ts';
import { withBusinessIds } from '../propagation/business-ids.ts';
import { testTracing } from '../testing/tracing.ts';
import { GlobalPropagator } from './global-propagator.ts';

const HEADERS = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'client=1',
  baggage: 'user.id=somebody-else',
};

test.each([
  ['localhost', ['traceparent', 'tracestate', 'baggage']],
  ['api.exchange.example', []],
])('a request to %s carries %j', (host, written) => {
  const { propagator, tracer } = testTracing();
  const parent = withBusinessIds(propagator.extract(ROOT_CONTEXT, HEADERS), { symbol: 'BTC' });
  const attributes = { 'server.address': host };
  const span = tracer.startSpan('GET', { kind: SpanKind.CLIENT, attributes }, parent);
  const requested = trace.setSpan(parent, span);
  const carrier = {};
  new GlobalPropagator(propagator, false).inject(requested, carrier, defaultTextMapSetter);
  expect(Object.keys(carrier)).toEqual(written);
  // A message that is sent meanwhile has its context: it has its own rules.
  const message = {};
  propagator.inject(requested, message);
  expect(Object.keys(message)).toEqual(['traceparent', 'tracestate', 'baggage']);
});

test('a request to somebody else at an address of ours carries nothing, and those around it do', () => {
  const { propagator, tracer } = testTracing();
  const global = new GlobalPropagator(propagator, false);
  const request = (): string[] => {
    const attributes = { 'server.address': '10.0.0.7' };
    const span = tracer.startSpan('GET', { kind: SpanKind.CLIENT, attributes });
    const carrier = {};
    global.inject(trace.setSpan(context.active(), span), carrier, defaultTextMapSetter);
    return Object.keys(carrier);
  };
  const parent = withBusinessIds(ROOT_CONTEXT, { symbol: 'BTC' });
  context.with(parent, () => {
    expect(request()).toEqual(['traceparent', 'baggage']);
    expect(withoutPropagation(request)).toEqual([]);
    expect(request()).toEqual(['traceparent', 'baggage']);
  });
});

test('baggage alone is carried too', () => {
  const { propagator } = testTracing();
  const carrier = {};
  const given = withBusinessIds(ROOT_CONTEXT, { symbol: 'BTC' });
  new GlobalPropagator(propagator, false).inject(given, carrier, defaultTextMapSetter);
  expect(carrier).toEqual({ baggage: 'symbol=BTC' });
});

test('everything that was sent is read, at a public endpoint ids and flags alone', () => {
  const { propagator } = testTracing();
  const read = (publicEndpoint: boolean, headers: Record<string, string>) => {
    const global = new GlobalPropagator(propagator, publicEndpoint);
    return global.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
  };
  const everything = read(false, HEADERS);
  expect(trace.getSpanContext(everything)?.traceState?.serialize()).toBe('client=1');
  expect(propagation.getBaggage(everything)?.getEntry('user.id')?.value).toBe('somebody-else');
  const ids = read(true, HEADERS);
  expect(trace.getSpanContext(ids)).toEqual({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    isRemote: true,
  });
  expect(propagation.getBaggage(ids)).toBeUndefined();
  expect(read(true, { baggage: HEADERS.baggage })).toBe(ROOT_CONTEXT);
});
