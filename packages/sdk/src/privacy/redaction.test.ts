import { ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { startedSpan } from '../tracing/started-span.ts';
import { capText, KeyRedactor, REDACTED, redact, redactedText, redactText } from './redaction.ts';

test.each([
  'password',
  'X-API-Key',
  'api_key',
  'apiKey',
  'http.request.header.authorization',
  'signature',
  'client_secret',
  'refreshToken',
  'listenKey',
])('%s is a sensitive key', (key) => {
  expect(new KeyRedactor().isSensitive(key)).toBe(true);
});

test.each([
  'user.id',
  'client.order_id',
  'trading.symbol',
  'order.price',
  'batch.orders',
])('%s is not', (key) => {
  expect(new KeyRedactor().isSensitive(key)).toBe(false);
});

test('values of sensitive keys are hidden at any depth, and the original is untouched', () => {
  const original = { user: 'u1', auth: { apiKey: 'k', list: [{ secret: { deep: 1 } }, 'x'] } };
  expect(redact(original)).toEqual({
    user: 'u1',
    auth: { apiKey: REDACTED, list: [{ secret: REDACTED }, 'x'] },
  });
  expect(original.auth.apiKey).toBe('k');
});

test.each([
  ['{"apiKey":"abc","qty":"1"}', `{"apiKey":"${REDACTED}","qty":"1"}`],
  ['{"secret": 12, "a": 1}', `{"secret": ${REDACTED}, "a": 1}`],
  ['symbol=BTC&signature=ab%2Fc&x=1', `symbol=BTC&signature=${REDACTED}&x=1`],
  ['Authorization: Bearer abc.def', `Authorization: ${REDACTED}`],
  ["password = 'a b c' next", `password = '${REDACTED}' next`],
  ['{"token":"a\\"b","n":1}', `{"token":"${REDACTED}","n":1}`],
  ['{"token":"cut off in the mid', `{"token":"${REDACTED}"`],
  ['{"id":1,"secret":{"a":["b"]},"c":2}', `{"id":1,"secret":${REDACTED}`],
  ['refused: apiKey=abc', `refused: apiKey=${REDACTED}`],
  ['token=token=abc', `token=${REDACTED}`],
  ['price: 1, quantity: 2', 'price: 1, quantity: 2'],
])('in text %j only the sensitive values are hidden', (text, expected) => {
  expect(redactText(text)).toBe(expected);
});

test('what JSON cannot carry, and what has no end, becomes short text', () => {
  const endless: Record<string, unknown> = { big: 10n, run: () => 1, at: new Date(0) };
  endless.self = endless;
  const text = redactedText(endless, 5_000);
  expect(text).toContain('"big":"10","run":"[function]"');
  expect(text.length).toBeLessThan(5_000);
  expect(redactedText(undefined, 10)).toBe('undefined');
  expect(redactedText('api_key=abc', 100)).toBe(`api_key=${REDACTED}`);
});

test('a cap keeps the beginning, shows the cut, and never splits a character', () => {
  expect(capText('abcdef', 6)).toBe('abcdef');
  expect(capText('abcdefg', 6)).toBe('abcde…');
  expect(capText('ab🙂cd', 4)).toBe('ab…');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const capped = capText(text, max);
      expect(capped.length).toBeLessThanOrEqual(max);
      expect(capped.isWellFormed()).toBe(true);
    }),
  );
});

test('no value makes redaction throw, and no secret survives it', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
      const text = redactedText({ other: value, password: 'hunter2', 'api-key': value }, 10_000);
      expect(text).not.toContain('hunter2');
    }),
  );
});

test('text that resembles an attack on the expression is read in linear time', () => {
  const text = `${'a'.repeat(50_000)}${' '.repeat(50_000)}"${'\\'.repeat(50_000)}`;
  expect(redactText(text)).toBe(text);
});

test('sensitive attributes do not leave, nor secrets in exceptions', () => {
  const tracing = testTracing();
  const link = { context: tracing.tracer.startSpan('x').spanContext() };
  const span = tracing.tracer.startSpan('y', {
    attributes: { 'db.password': 'hunter2', 'user.id': 'u1' },
    links: [{ ...link, attributes: { token: 'hunter2' } }],
  });
  span.addEvent('login', { secret: 'hunter2' });
  startedSpan(span, ROOT_CONTEXT).end({ error: new Error('refused: apiKey=hunter2') });
  const { attributes, events, links, status } = readable(span);
  expect(attributes).toMatchObject({ 'db.password': REDACTED, 'user.id': 'u1' });
  expect(events).toHaveLength(2);
  expect(JSON.stringify([attributes, events, links, status])).not.toContain('hunter2');
});
