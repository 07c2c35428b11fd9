import {
  type AttributeValue,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { AttributeList } from './attribute-list.ts';

const unsampled = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 2,
  isRemote: true,
});

test('an attribute set again is replaced, and what is no attribute value is left out', () => {
  const { tracer } = testTracing();
  const list = ['a'];
  const odd = { none: undefined, text: 'x', list, fn: () => 1, sym: Symbol('s'), '': 'no key' };
  const span = readable(tracer.startSpan('x', { attributes: odd as never }, ROOT_CONTEXT));
  list.push('b');
  span.setAttribute('text', 'y').setAttribute('none', null as unknown as AttributeValue);
  span.setAttributes({ more: 1, text: 'z' });
  expect(span.attributes).toEqual({ text: 'z', list: ['a'], more: 1 });
});

test('an exception is an event with type, message and stack; a code says more than a name', () => {
  const { tracer } = testTracing();
  const span = readable(tracer.startSpan('x', {}, ROOT_CONTEXT));
  const error = Object.assign(new RangeError('too much'), { code: 'E_LIMIT' });
  span.recordException(error);
  span.recordException('just text');
  expect(span.events.map(({ name, attributes }) => [name, attributes])).toEqual([
    [
      'exception',
      {
        'exception.type': 'E_LIMIT',
        'exception.message': 'too much',
        'exception.stacktrace': error.stack,
      },
    ],
    ['exception', { 'exception.message': 'just text' }],
  ]);
});

test('a status of OK is final, and none goes back to unset', () => {
  const { tracer } = testTracing();
  const span = readable(tracer.startSpan('x', {}, ROOT_CONTEXT));
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'first' });
  span.setStatus({ code: SpanStatusCode.UNSET });
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'first' });
  span.setStatus({ code: SpanStatusCode.OK, message: 'is dropped' });
  span.setStatus({ code: SpanStatusCode.ERROR });
  expect(span.status).toEqual({ code: SpanStatusCode.OK });
});

test('after its end a span ignores every call, and is counted once', async () => {
  const tracing = testTracing();
  const span = readable(tracing.tracer.startSpan('x', {}, ROOT_CONTEXT));
  span.end();
  const { endTime } = span;
  span.end();
  span.setAttribute('a', 1).addEvent('e').updateName('y').setStatus({ code: SpanStatusCode.ERROR });
  span.addLink({ context: span.spanContext() });
  expect(span).toMatchObject({ name: 'x', events: [], links: [], attributes: {}, endTime });
  expect(span.status.code).toBe(SpanStatusCode.UNSET);
  expect(span.isRecording()).toBe(false);
  expect(tracing.stats()).toMatchObject({ started: 1, ended: 1 });
  await tracing.shutdown();
});

test('an end before the start is the start: no duration is negative', () => {
  const { tracer } = testTracing();
  const span = readable(tracer.startSpan('x', { startTime: [1_700_000_000, 5] }, ROOT_CONTEXT));
  span.end([1_700_000_000, 4]);
  expect(span.endTime).toEqual([1_700_000_000, 5]);
});

test('a child of what is not sampled is not recorded, passes the decision on, and has its own id', () => {
  const tracing = testTracing();
  const attributes = new AttributeList();
  const spans = [
    tracing.tracer.startSpan('x', { attributes: { a: 1 } }, unsampled),
    tracing.tracer.startWith('x', unsampled, { kind: SpanKind.CONSUMER, attributes }),
    tracing.tracer.startLeftOut(unsampled, undefined),
  ];
  for (const span of spans) {
    expect(span?.isRecording()).toBe(false);
    expect(span?.spanContext()).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      traceFlags: 2,
    });
    span?.end();
  }
  expect(new Set(spans.map((span) => span?.spanContext().spanId)).size).toBe(3);
  expect(tracing.stats()).toMatchObject({ started: 0, ended: 0, queued: 0 });
  expect(tracing.tracer.startLeftOut(ROOT_CONTEXT, undefined)).toBeUndefined();
});

test('where tracing is suppressed, as in our own exporter, nothing is recorded', () => {
  const { tracer } = testTracing();
  const span = tracer.startSpan('x', {}, suppressTracing(ROOT_CONTEXT));
  expect(span.isRecording()).toBe(false);
  expect(trace.isSpanContextValid(span.spanContext())).toBe(false);
});
