import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { testTracing } from '../testing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import {
  type Delivery,
  describeRedelivery,
  forgetAttempts,
  rememberAttempt,
} from './redelivery.ts';

const first: Delivery = { system: 'nats', message: ['ORDERS', 'desk', '7'], isRedelivered: false };
const second: Delivery = { ...first, isRedelivered: true, count: 2 };

function spanContext(tracing: Tracing) {
  return tracing.tracer.startSpan('process', {}, ROOT_CONTEXT).spanContext();
}

test('a redelivered message is marked, counted and linked to the attempt before', () => {
  const tracing = testTracing();
  expect(describeRedelivery(tracing, first)).toEqual({ attributes: {}, links: [] });
  const attempts = [spanContext(tracing), spanContext(tracing)];
  for (const [index, attempt] of attempts.entries()) {
    rememberAttempt(tracing, index === 0 ? first : second, attempt);
    expect(describeRedelivery(tracing, second)).toMatchObject({
      attributes: { [ATTR.messagingRedelivered]: true, [ATTR.messagingDeliveryCount]: 2 },
      links: [
        { context: { spanId: attempt.spanId }, attributes: { [ATTR.linkType]: 'redelivery_of' } },
      ],
    });
  }
});

test('without a known attempt it is marked all the same', () => {
  const uncounted: Delivery = { system: 'kafka', message: ['t', '0', '1'], isRedelivered: true };
  expect(describeRedelivery(testTracing(), uncounted)).toEqual({
    attributes: { [ATTR.messagingRedelivered]: true },
    links: [],
  });
});

test("another consumer's attempt at the same message, or another system's, is not linked", () => {
  const tracing = testTracing();
  rememberAttempt(tracing, first, spanContext(tracing));
  for (const other of [
    { ...second, message: ['ORDERS', 'risk', '7'] },
    { ...second, message: ['ORDERS', 'desk7'] },
    { ...second, system: 'kafka' },
  ]) {
    expect(describeRedelivery(tracing, other).links).toEqual([]);
  }
});

test('a settled message is forgotten', () => {
  const tracing = testTracing();
  rememberAttempt(tracing, first, spanContext(tracing));
  forgetAttempts(tracing, first);
  expect(describeRedelivery(tracing, second).links).toEqual([]);
});

test('where the broker does not tell, a message is delivered again if it is remembered', () => {
  const tracing = testTracing();
  const untold: Delivery = { system: 'kafka', message: ['desk', 't', '0', '1'] };
  expect(describeRedelivery(tracing, untold)).toEqual({ attributes: {}, links: [] });
  const attempt = spanContext(tracing);
  rememberAttempt(tracing, untold, attempt);
  expect(describeRedelivery(tracing, untold)).toMatchObject({
    attributes: { [ATTR.messagingRedelivered]: true },
    links: [{ context: { spanId: attempt.spanId } }],
  });
});

test('ten thousand attempts are remembered, and the oldest goes first', () => {
  const tracing = testTracing();
  const attempt = spanContext(tracing);
  const linksTo = (sequence: number) => {
    const delivery = { ...second, message: ['ORDERS', 'desk', String(sequence)] };
    return describeRedelivery(tracing, delivery).links.length;
  };
  for (let sequence = 0; sequence < 10_001; sequence += 1) {
    const message = ['ORDERS', 'desk', String(sequence)];
    rememberAttempt(tracing, { ...first, message }, attempt);
  }
  expect([linksTo(0), linksTo(1), linksTo(10_000)]).toEqual([0, 1, 1]);
  expect(tracing.stats().registries).toMatchObject({ size: 0, misses: 0, evictedBySize: 0 });
});

test('each tracing remembers its own attempts, and a disabled one none', () => {
  const [one, other] = [testTracing(), testTracing()];
  rememberAttempt(one, first, spanContext(one));
  expect(describeRedelivery(other, second).links).toEqual([]);
  const disabled = testTracing({ enabled: false });
  rememberAttempt(disabled, first, INVALID_SPAN_CONTEXT);
  expect(describeRedelivery(disabled, second).links).toEqual([]);
});
