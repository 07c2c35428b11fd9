import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { traced } from './traced.ts';

const activeSpan = () => readable(trace.getActiveSpan());

test('a synchronous call is a span under the active context, and its result passes through', () => {
  const tracing = testTracing();
  const add = traced(
    tracing,
    'add',
    (a: number, b: number) => ({ sum: a + b, span: activeSpan() }),
    {
      kind: SpanKind.CLIENT,
      attributes: { fixed: true },
    },
  );
  tracing.tracer.startActiveSpan('outer', (outer) => {
    const { sum, span } = add(1, 2);
    expect(sum).toBe(3);
    expect(span).toMatchObject({
      name: 'add',
      kind: SpanKind.CLIENT,
      ended: true,
      attributes: { fixed: true },
      parentSpanContext: { spanId: outer.spanContext().spanId },
    });
  });
});

test('an asynchronous call lasts until its promise settles, and is active meanwhile', async () => {
  const tracing = testTracing();
  const work = traced(tracing, 'work', async () => {
    const span = activeSpan();
    await Promise.resolve();
    expect(span.ended).toBe(false);
    expect(activeSpan()).toBe(span);
    return span;
  });
  expect((await work()).ended).toBe(true);
});

test.each([
  'sync',
  'async',
])('what a %s call throws is recorded with its stack and thrown on', async (mode) => {
  const tracing = testTracing();
  const failure = new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', 'connection lost');
  let span = activeSpan();
  const fail = traced(tracing, 'fail', () => {
    span = activeSpan();
    if (mode === 'async') return Promise.reject(failure);
    throw failure;
  });
  await expect((async () => fail())()).rejects.toBe(failure);
  expect(span.ended).toBe(true);
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'connection lost' });
  expect(span.attributes['error.type']).toBe('TL_EXCHANGE_UNAVAILABLE');
  expect(span.events).toHaveLength(1);
  expect(span.events[0]?.name).toBe('exception');
  expect(span.events[0]?.attributes?.['exception.stacktrace']).toContain('traced.test.ts');
});

test.each([undefined, null, 'text', 7, Object.create(null)])('%s can be thrown too', (thrown) => {
  const tracing = testTracing();
  let span = activeSpan();
  const fail = traced(tracing, 'fail', () => {
    span = activeSpan();
    throw thrown;
  });
  let caught: unknown = 'nothing';
  try {
    fail();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBe(thrown);
  expect(span.status.code).toBe(SpanStatusCode.ERROR);
  expect(span.events).toHaveLength(1);
});

test('the first arguments become attributes, redacted and capped', () => {
  const tracing = testTracing();
  const login = traced(tracing, 'login', (..._args: unknown[]) => activeSpan(), {
    argumentAttributes: ['login.user', 'login.data', 'login.missing'],
  });
  const { attributes } = login('u'.repeat(1_000), { password: 'hunter2', at: 1 });
  expect(attributes).toEqual({
    'login.user': `${'u'.repeat(255)}…`,
    'login.data': '{"password":"[redacted]","at":1}',
  });
});

test('this and the context are those of the caller, inside and afterwards', () => {
  const tracing = testTracing();
  const account = {
    balance: 7,
    read: traced(tracing, 'read', function (this: { balance: number }) {
      return this.balance;
    }),
  };
  const before = context.active();
  expect(account.read()).toBe(7);
  expect(context.active()).toBe(before);
});

test('disabled, the function is returned as it is', () => {
  const fn = () => 1;
  expect(traced(testTracing({ enabled: false }), 'x', fn)).toBe(fn);
});
