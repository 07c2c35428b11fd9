import {
  context,
  type HrTime,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { isWithheld } from '../privacy/withheld-context.ts';
import type { Carrier } from '../propagation/carrier.ts';
import { readable, testTracing } from '../testing/tracing.ts';
import { spanTime } from './span-time.ts';

const ns = ([seconds, nanos]: HrTime = [0, 0]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

test('cause and effect keep their order: a span that starts later has a later start', () => {
  const { tracer } = testTracing();
  for (let round = 0; round < 200; round += 1) {
    const outer = tracer.startSpan('outer');
    const inner = tracer.startSpan('inner');
    inner.addEvent('event');
    inner.end();
    outer.end();
    const after = tracer.startSpan('after');
    const times = [
      readable(outer).startTime,
      readable(inner).startTime,
      readable(inner).events[0]?.time,
      readable(inner).endTime,
      readable(outer).endTime,
      readable(after).startTime,
    ].map((time) => ns(time));
    expect(times).toEqual([...times].sort((left, right) => (left < right ? -1 : 1)));
  }
});

test('times that the caller gives are kept', () => {
  const { tracer } = testTracing();
  const span = readable(tracer.startSpan('x', { startTime: [1_700_000_000, 1] }));
  span.addEvent('with time', [1_700_000_000, 2]);
  span.addEvent('with both', { a: 1 }, [1_700_000_000, 3]);
  span.end([1_700_000_000, 4]);
  expect(span.startTime).toEqual([1_700_000_000, 1]);
  expect(span.events.map((event) => event.time)).toEqual([
    [1_700_000_000, 2],
    [1_700_000_000, 3],
  ]);
  expect(span.events[1]?.attributes).toEqual({ a: 1 });
  expect(span.endTime).toEqual([1_700_000_000, 4]);
  const measured = readable(tracer.startSpan('y'));
  measured.end([measured.startTime[0] + 1, 0]);
  expect(measured.endTime).toEqual([measured.startTime[0] + 1, 0]);
});

test('a given time and the clock of the spans agree', () => {
  const { tracer } = testTracing();
  const before = ns(spanTime());
  const span = readable(tracer.startSpan('x'));
  expect(ns(span.startTime)).toBeGreaterThanOrEqual(before);
  expect(ns(spanTime())).toBeGreaterThanOrEqual(ns(span.startTime));
});

test.each([0, 1, 2, 3])('continuing a trace keeps the random flag of flags %i', (traceFlags) => {
  const tracing = testTracing();
  const remote: SpanContext = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags,
    isRemote: true,
  };
  const parent = trace.setSpanContext(ROOT_CONTEXT, remote);
  const span = tracing.tracer.startSpan('x', {}, parent);
  expect(span.spanContext().traceFlags).toBe(traceFlags);
  const carrier: Carrier = {};
  tracing.propagator.inject(trace.setSpan(parent, span), carrier);
  expect(carrier.traceparent).toMatch(new RegExp(`-0${traceFlags}$`));
});

test('a new trace has a random id and says so', () => {
  const { tracer } = testTracing();
  expect(tracer.startSpan('x', {}, ROOT_CONTEXT).spanContext().traceFlags).toBe(3);
  tracer.startActiveSpan('outer', () => {
    const root = tracer.startSpan('root', { root: true });
    expect(readable(root).parentSpanContext).toBeUndefined();
    expect(root.spanContext().traceFlags).toBe(3);
  });
});

test('an active span is the parent inside the function, in all three forms of the call', () => {
  const { tracer } = testTracing();
  const remote = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('remote', {}, ROOT_CONTEXT));
  const parentOfActive = () => readable(trace.getActiveSpan() ?? tracer.startSpan('none'));
  expect(tracer.startActiveSpan('a', (span) => parentOfActive() === span)).toBe(true);
  expect(tracer.startActiveSpan('b', { attributes: { x: 1 } }, parentOfActive).attributes).toEqual({
    x: 1,
  });
  const inner = tracer.startActiveSpan('c', {}, remote, parentOfActive);
  expect(inner.parentSpanContext?.spanId).toBe(trace.getSpanContext(remote)?.spanId);
  expect(trace.getSpan(context.active())).toBeUndefined();
});

const OUTSIDE = { kind: SpanKind.CLIENT, attributes: { 'server.address': 'api.exchange.example' } };

test.each([
  0, 1,
])('at a rate of %i a client’s span to outside is what it would be, but its context stays', (samplingRate) => {
  const { tracer } = testTracing({ samplingRate, sampler: 'parentbased_traceidratio' });
  const parent = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('parent', {}, ROOT_CONTEXT));
  for (const from of [ROOT_CONTEXT, parent]) {
    const span = tracer.startSpan('GET', OUTSIDE, from);
    expect(isWithheld(span)).toBe(true);
    expect(span.isRecording()).toBe(samplingRate === 1);
    expect(tracer.startActiveSpan('GET', OUTSIDE, from, isWithheld)).toBe(true);
    for (const other of [{}, { attributes: OUTSIDE.attributes }, { kind: SpanKind.CLIENT }]) {
      expect(isWithheld(tracer.startSpan('GET', other, from))).toBe(false);
    }
  }
});

test('a host that is listed gets the context', () => {
  const { tracer } = testTracing({ trustedHosts: ['*.exchange.example'] });
  expect(isWithheld(tracer.startSpan('GET', OUTSIDE))).toBe(false);
});

const CLIENT_CONTEXT: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 3,
  isRemote: true,
};

function fromClient() {
  const baggage = propagation.createBaggage({ 'user.id': { value: 'somebody-else' } });
  return propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, CLIENT_CONTEXT), baggage);
}

test('at a public endpoint a server’s span begins a trace, and links to the client’s first', () => {
  const { tracer } = testTracing({ publicEndpoint: true });
  const own = { context: tracer.startSpan('own').spanContext() };
  const options = { kind: SpanKind.SERVER, links: [own] };
  const span = readable(tracer.startSpan('GET', options, fromClient()));
  expect(span.parentSpanContext).toBeUndefined();
  expect(span.spanContext().traceId).not.toBe(CLIENT_CONTEXT.traceId);
  expect(span.links).toEqual([
    {
      context: { ...CLIENT_CONTEXT, traceFlags: 0 },
      attributes: { 'throughline.link.type': 'client_context' },
    },
    own,
  ]);
  expect(span.attributes).toEqual({});
  expect(options.links).toEqual([own]);
});

test.each([
  '00',
  '01',
])('at a public endpoint the client’s flags %s do not decide what is sampled', (flags) => {
  for (const samplingRate of [0, 1]) {
    const { tracer } = testTracing({ publicEndpoint: true, samplingRate });
    const parent = trace.setSpanContext(ROOT_CONTEXT, {
      ...CLIENT_CONTEXT,
      traceFlags: Number(flags),
    });
    const span = tracer.startSpan('GET', { kind: SpanKind.SERVER }, parent);
    expect(span.isRecording()).toBe(samplingRate === 1);
  }
});

test('at a public endpoint what does not come from a client is continued', () => {
  const { tracer } = testTracing({ publicEndpoint: true });
  const outer = tracer.startSpan('GET', { kind: SpanKind.SERVER }, fromClient());
  const inner = trace.setSpan(ROOT_CONTEXT, outer);
  for (const [kind, parent] of [
    [SpanKind.SERVER, inner],
    [SpanKind.CONSUMER, fromClient()],
  ] as const) {
    const span = readable(tracer.startSpan('x', { kind }, parent));
    expect(span.parentSpanContext).toEqual(trace.getSpanContext(parent));
    expect(span.links).toEqual([]);
  }
});

test('elsewhere a server’s span continues the trace', () => {
  const { tracer } = testTracing();
  const span = readable(tracer.startSpan('GET', { kind: SpanKind.SERVER }, fromClient()));
  expect(span.parentSpanContext).toEqual(CLIENT_CONTEXT);
  expect(span.attributes).toEqual({ 'user.id': 'somebody-else' });
});
