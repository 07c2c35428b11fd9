import { headers as makeHeaders } from '@nats-io/transport-node';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { afterAll, expect, test } from 'vitest';
import { withBusinessIds } from '../../propagation/business-ids.ts';
import { TRACE_HEADERS_FIELD } from '../../propagation/payload.ts';
import { readable, testTracing } from '../../testing/tracing.ts';
import { NatsTracePropagator } from './trace-propagator.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

// These functions use the current tracing of the process, so this file has one.
const tracing = testTracing({ global: true });
afterAll(() => tracing.shutdown(0));

function traced() {
  return {
    symbol: 'BTCUSDT',
    [TRACE_HEADERS_FIELD]: { traceparent: PARENT, baggage: 'user.id=u1' },
  };
}

test('inside a span a copy of the message carries the context, in the four parts of W3C', () => {
  const message = Object.freeze({ symbol: 'BTCUSDT' });
  const base = withBusinessIds(ROOT_CONTEXT, { [ATTR.userId]: 'u1' });
  const span = tracing.tracer.startSpan('market_data_receive', {}, base);
  const sent = context.with(trace.setSpan(base, span), () =>
    NatsTracePropagator.injectContext(message),
  );
  const { traceId, spanId } = span.spanContext();
  expect(sent).toEqual({
    symbol: 'BTCUSDT',
    [TRACE_HEADERS_FIELD]: {
      traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-${spanId}-0[13]$`)),
      baggage: 'user.id=u1',
    },
  });
  expect(NatsTracePropagator.removeTraceHeaders(sent)).toEqual(message);
});

test('without a span, and for what is no plain object, the message is returned as it is', () => {
  const message = { symbol: 'BTCUSDT' };
  expect(NatsTracePropagator.injectContext(message)).toBe(message);
  tracing.tracer.startActiveSpan('x', () => {
    for (const other of ['text', 7, null, undefined, [1], new Uint8Array(1), new Date(0)]) {
      expect(NatsTracePropagator.injectContext(other)).toBe(other);
    }
  });
});

test('the context of a message is extracted with its baggage, and is the root one without', () => {
  const extracted = NatsTracePropagator.extractContext(traced());
  expect(trace.getSpanContext(extracted)).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    isRemote: true,
  });
  expect(propagation.getBaggage(extracted)?.getEntry(ATTR.userId)?.value).toBe('u1');
  tracing.tracer.startActiveSpan('ambient', () => {
    for (const without of [{ symbol: 'x' }, 'text', null, { [TRACE_HEADERS_FIELD]: 'broken' }]) {
      expect(trace.getSpan(NatsTracePropagator.extractContext(without))).toBeUndefined();
    }
  });
});

test('a received message can be given itself: then headers count, and win', () => {
  const headers = makeHeaders();
  headers.append('Traceparent', PARENT.replace('b7ad6b7169203331', '00f067aa0ba902b7'));
  const data = new TextEncoder().encode(JSON.stringify(traced()));
  const ids = [{ headers }, {}].map((given) => {
    const message = { subject: 'market.data', data, ...given };
    return NatsTracePropagator.createSpanFromMessage(tracing.tracer, message, 'x', {}, (span) => {
      expect(readable(span).attributes[ATTR.messagingDestinationName]).toBe('market.data');
      return readable(span).parentSpanContext?.spanId;
    });
  });
  expect(ids).toEqual(['00f067aa0ba902b7', 'b7ad6b7169203331']);
});

test('a consumer span is the child of the message, and says what it consumed', () => {
  const before = { ...tracing.stats().messages };
  const options = { subject: 'market.data', attributes: { [ATTR.tradingSymbol]: 'BTCUSDT' } };
  const { tracer } = tracing;
  const span = NatsTracePropagator.createSpanFromMessage(
    tracer,
    traced(),
    'process_market_data',
    options,
    (given) => {
      expect(trace.getActiveSpan()).toBe(given);
      expect(propagation.getActiveBaggage()?.getEntry(ATTR.userId)?.value).toBe('u1');
      expect(readable(given).status.code).toBe(SpanStatusCode.UNSET);
      return given;
    },
  );
  expect(readable(span)).toMatchObject({
    name: 'process_market_data',
    kind: SpanKind.CONSUMER,
    parentSpanContext: { spanId: 'b7ad6b7169203331' },
    status: { code: SpanStatusCode.OK },
    ended: true,
  });
  expect(readable(span).attributes).toEqual({
    [ATTR.messagingSystem]: 'nats',
    [ATTR.messagingDestinationName]: 'market.data',
    [ATTR.messagingOperationName]: 'process',
    [ATTR.messagingOperationType]: 'process',
    [ATTR.tradingSymbol]: 'BTCUSDT',
    [ATTR.userId]: 'u1',
  });
  expect(tracing.stats().messages.withContext).toBe(before.withContext + 1);
});

test('an async function ends its span when it settles', async () => {
  const run = NatsTracePropagator.createSpanFromMessage(
    tracing.tracer,
    traced(),
    'x',
    {},
    async (span) => {
      await Promise.resolve();
      expect(trace.getActiveSpan()).toBe(span);
      expect(readable(span).ended).toBe(false);
      return span;
    },
  );
  expect(readable(await run)).toMatchObject({ ended: true, status: { code: SpanStatusCode.OK } });
});

test('what the function throws is recorded and thrown on; a status that it set stays', async () => {
  const { tracer } = tracing;
  const error = new TypeError('bad tick');
  const spans: ReturnType<typeof readable>[] = [];
  const fail = () =>
    NatsTracePropagator.createSpanFromMessage(tracer, traced(), 'x', {}, (span) => {
      spans.push(readable(span));
      throw error;
    });
  expect(fail).toThrow(error);
  const later = NatsTracePropagator.createSpanFromMessage(tracer, {}, 'x', {}, async (span) => {
    spans.push(readable(span));
    throw error;
  });
  await expect(later).rejects.toBe(error);
  for (const span of spans) {
    expect(span.status).toMatchObject({ code: SpanStatusCode.ERROR, message: 'bad tick' });
    expect(span.events.map(({ name }) => name)).toEqual(['exception']);
  }
  const refused = NatsTracePropagator.createSpanFromMessage(tracer, {}, 'x', {}, (span) => {
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' });
    return readable(span);
  });
  expect(refused.status).toMatchObject({ code: SpanStatusCode.ERROR, message: 'refused' });
});

test('a message or a tracer that throws does not stop the function', () => {
  const hostile = new Proxy(
    {},
    {
      getPrototypeOf: () => {
        throw new TypeError('hostile');
      },
    },
  );
  expect(NatsTracePropagator.injectContext(hostile)).toBe(hostile);
  expect(NatsTracePropagator.removeTraceHeaders(hostile)).toBe(hostile);
  expect(NatsTracePropagator.extractContext(hostile)).toBe(ROOT_CONTEXT);
  const broken = {
    ...tracing.tracer,
    startSpan: () => {
      throw new TypeError('broken');
    },
    startActiveSpan: () => undefined,
  } as never;
  const { createSpanFromMessage } = NatsTracePropagator;
  expect(createSpanFromMessage(tracing.tracer, hostile, 'x', {}, () => 7)).toBe(7);
  expect(createSpanFromMessage(broken, {}, 'x', {}, (span) => span.isRecording())).toBe(false);
});
