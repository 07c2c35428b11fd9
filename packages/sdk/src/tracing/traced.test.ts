import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { traced } from './traced.ts';

const activeSpan = () => readable(trace.getActiveSpan());

test('a synchronous call is a span under the active context, and its result passes through', () => {
  const tracing = testTracing();
  const options = { tracing, kind: SpanKind.CLIENT, attributes: { fixed: true } };
  const add = traced(
    'add',
    options,
  )((a: number, b: number) => ({
    sum: a + b,
    span: activeSpan(),
  }));
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
  const work = traced('work', { tracing })(async () => {
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
  const fail = traced('fail', { tracing })(() => {
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
  const fail = traced('fail', { tracing })(() => {
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
  const argumentAttributes = ['login.user', 'login.data', 'login.missing'];
  const options = { tracing, argumentAttributes };
  const login = traced('login', options)((..._args: unknown[]) => activeSpan());
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
    read: traced('read', { tracing })(function (this: { balance: number }) {
      return this.balance;
    }),
  };
  const before = context.active();
  expect(account.read()).toBe(7);
  expect(context.active()).toBe(before);
});

test('the arguments that are recorded take part in the decision of the sampler', () => {
  const tracing = testTracing({ samplingRate: 0.5 });
  const argumentAttributes = ['user.id', 'client.order_id'];
  const place = traced('place', { tracing, argumentAttributes })((..._ids: string[]) =>
    trace.getActiveSpan()?.isRecording(),
  );
  const decisions = new Map<string, boolean | undefined>();
  for (let call = 0; call < 200; call += 1) {
    const order = `o${call % 20}`;
    const decision = place('u1', order);
    if (decisions.has(order)) expect(decision).toBe(decisions.get(order));
    decisions.set(order, decision);
  }
  expect(new Set(decisions.values())).toEqual(new Set([true, false]));
});

test('below a parent that is not sampled nothing is recorded, and the function runs', () => {
  const off = testTracing({ sampler: 'always_off' });
  const tracing = testTracing();
  off.tracer.startActiveSpan('outer', () => {
    const fn = traced('x', { tracing })(() => trace.getActiveSpan()?.isRecording());
    expect(fn()).toBe(false);
  });
  expect(tracing.stats().started).toBe(0);
});

test('the wrapper has the name and the number of parameters of its function', () => {
  const handler = (_request: string, _reply: string) => undefined;
  const wrapped = traced('x')(handler);
  expect([wrapped.name, wrapped.length]).toEqual(['handler', 2]);
});

test('without a tracing of its own the current one is looked up at every call', async () => {
  const fn = traced('x')(() => 1);
  expect(fn()).toBe(1);
  const tracing = testTracing({ global: true });
  expect(fn()).toBe(1);
  expect(tracing.stats().ended).toBe(1);
  await tracing.shutdown(0);
  expect(fn()).toBe(1);
  expect(tracing.stats().ended).toBe(1);
});

test('of a generator the call is traced, and its items pass through', async () => {
  const tracing = testTracing();
  const numbers = traced('numbers', { tracing })(async function* () {
    yield 1;
    yield 2;
  });
  const iterator = numbers();
  expect(tracing.stats().ended).toBe(1);
  const seen: number[] = [];
  for await (const number of iterator) seen.push(number);
  expect(seen).toEqual([1, 2]);
});

test('disabled, the function is called as it is', () => {
  const tracing = testTracing({ enabled: false });
  const active = traced('x', { tracing })(() => context.active());
  expect(active()).toBe(context.active());
});

test('what is no function cannot be traced', () => {
  const decorate = traced('field') as unknown as (value: undefined, context: object) => void;
  expect(() => decorate(undefined, { kind: 'field' })).toThrowError(
    expect.objectContaining({ code: 'TL_CONFIG_INVALID' }),
  );
});

test('arguments are redacted by the rules of the tracing, before they are capped', () => {
  const tracing = testTracing({ redaction: { valuePatterns: [/ACCT-\d{8}/] } });
  const seen = traced('x', { tracing, argumentAttributes: ['a'] })((_: string) =>
    readable(trace.getActiveSpan()),
  )(`${'.'.repeat(250)}ACCT-12345678`);
  expect(seen.attributes.a).toBe(`${'.'.repeat(250)}[reda…`);
});

test('an order named by the arguments is sampled by its own key, below whatever parent', () => {
  const tracing = testTracing({ samplingRate: 0.5 });
  const unsampled = trace.setSpanContext(context.active(), {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 0,
  });
  const options = { tracing, argumentAttributes: ['user.id', 'client.order_id'] };
  const isSampled = traced(
    'x',
    options,
  )((_user: string, _order: string) => trace.getActiveSpan()?.isRecording() === true);
  const orders = Array.from({ length: 200 }, (_, index) => `o${index}`);
  const sampled = orders.filter((order) =>
    context.with(unsampled, isSampled, undefined, 'u1', order),
  );
  expect(sampled.length).toBeGreaterThan(50);
  expect(sampled.length).toBeLessThan(150);
  expect(
    context.with(unsampled, () =>
      traced('y', { tracing })(() => trace.getActiveSpan()?.isRecording())(),
    ),
  ).toBe(false);
});
