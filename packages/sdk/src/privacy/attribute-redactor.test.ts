import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secret, tradingValue } from '../testing/secrets.ts';
import { AttributeRedactor } from './attribute-redactor.ts';
import { REDACTION_RULES } from './redaction-rules.ts';

const redactor = new AttributeRedactor();

test.each([
  'password',
  'X-API-Key',
  'X-MBX-APIKEY',
  'api_key',
  'apiKey',
  'OK-ACCESS-SIGN',
  'CB-ACCESS-KEY',
  'http.request.header.authorization',
  'signature',
  'client_secret',
  'refreshToken',
  'listenKey',
  'db.pwd',
  '554',
])('%s is a sensitive key', (key) => {
  expect(redactor.keyIsSensitive(key)).toBe(true);
});

test.each([
  'user.id',
  'client.order_id',
  'trading.symbol',
  'order.price',
  'order.side',
  'signal.direction',
  'batch.orders',
  'symbol.token',
  'api_key_present',
  'messaging.kafka.message.key',
])('%s is not', (key) => {
  expect(redactor.keyIsSensitive(key)).toBe(false);
});

test('of a sensitive attribute only that it was there is told; the rest stays as it is', () => {
  const attributes = { api_key: 'hunter2', 'user.id': 'u1', n: 1, gone: undefined };
  expect(redactor.redactAttributes(attributes)).toEqual({
    api_key_present: true,
    'user.id': 'u1',
    n: 1,
    gone: undefined,
  });
  expect(attributes.api_key).toBe('hunter2');
});

test('values inside lists and maps are searched as well', () => {
  const attributes = { list: ['a', 'token=hunter2'], map: { deep: [{ secret: 'hunter2', n: 1 }] } };
  expect(redactor.redactAttributes(attributes)).toEqual({
    list: ['a', 'token=[redacted]'],
    map: { deep: [{ secret_present: true, n: 1 }] },
  });
});

test('without anything to hide the same object and the same string come back', () => {
  const attributes = { list: ['a', 1], map: { n: 1 }, bytes: new Uint8Array(2), x: 'price: 1' };
  expect(redactor.redactAttributes(attributes)).toBe(attributes);
});

test('what nests without end is cut off', () => {
  const endless: Record<string, unknown> = {};
  endless.self = endless;
  expect(JSON.stringify(redactor.redactAttributes(endless))).toContain('[redacted]');
});

test('rules add to the default ones', () => {
  const own = new AttributeRedactor({
    keyParts: ['Account-No'],
    keyPatterns: ['^desk\\.', /^Trader\d$/y],
    keysAllowed: ['session.token'],
    valuePatterns: ['acct-(?<kept>[a-z]+-)?\\d+', /\bdesk \d/g],
  });
  for (const key of ['x.account_no', 'DESK.name', 'Trader1', 'Trader2', 'password']) {
    expect(own.keyIsSensitive(key)).toBe(true);
  }
  for (const key of ['trader1', 'session_token']) expect(own.keyIsSensitive(key)).toBe(false);
  expect(own.text('ACCT-17')).toBe('[redacted]');
  expect(own.text('desk 7 of desk 8, token=x')).toBe('[redacted] of [redacted], token=[redacted]');
  expect(new AttributeRedactor({ valuePatterns: [/(?<kept>pin )\d+/] }).text('pin 1234')).toBe(
    'pin [redacted]',
  );
});

test('rules replace the default ones', () => {
  const own = new AttributeRedactor({ defaults: false, keyParts: ['pin'] });
  expect(own.keyIsSensitive('password')).toBe(false);
  expect(own.text('password=x pin=1')).toBe('password=x pin=[redacted]');
  expect(own.text('Bearer abcdef.ghijkl')).toBe('Bearer abcdef.ghijkl');
  const some = new AttributeRedactor({
    defaults: false,
    valuePatterns: REDACTION_RULES.valuePatterns.slice(0, 3),
  });
  expect(some.text('Bearer abcdef.ghijkl')).toBe('Bearer [redacted]');
});

test('rules that are not usable are told and left out; nothing is thrown', () => {
  const told: string[] = [];
  const own = new AttributeRedactor(
    { keyPatterns: ['('], valuePatterns: 'abc' as never, keyParts: ['', '--', 'pin'] },
    (message) => told.push(message),
  );
  expect(told).toEqual([
    'redaction.keyPatterns: ( is not an expression, it is left out',
    'redaction.valuePatterns is not a list, it is left out',
  ]);
  expect(own.keyIsSensitive('pin')).toBe(true);
  expect(own.keyIsSensitive('order.price')).toBe(false);
  expect(own.text('abc')).toBe('abc');
});

test('an expression that fits nothing at all hides nothing', () => {
  expect(new AttributeRedactor({ valuePatterns: ['x*'] }).text('axxb')).toBe('a[redacted]b');
});

test('answers are right for more keys than are remembered', () => {
  for (let index = 0; index < 10_000; index += 1) {
    expect(redactor.keyIsSensitive(`order.${index}`)).toBe(false);
    expect(redactor.keyIsSensitive(`order.${index}.token`)).toBe(true);
  }
});

test('ordinary trading values are the same string afterwards, alone and in text', () => {
  fc.assert(
    fc.property(fc.array(tradingValue, { minLength: 1, maxLength: 5 }), (values) => {
      for (const value of values) expect(redactor.text(value)).toBe(value);
      for (const separator of [' ', ', ', '/', '|', '\n']) {
        const text = values.join(separator);
        expect(redactor.text(text)).toBe(text);
      }
      const json = JSON.stringify({ e: 'executionReport', values, at: { price: values[0] } });
      expect(redactor.text(json)).toBe(json);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['postgres://user:p@ss@db:5432/x', 'postgres://user:[redacted]@db:5432/x'],
  ['postgres://user:p/w@db:5432/x', 'postgres://user:[redacted]@db:5432/x'],
  ['redis://:hunter2@h', 'redis://:[redacted]@h'],
  ['connect to amqp://u:p@h1 failed', 'connect to amqp://u:[redacted]@h1 failed'],
  ['sent Bearer abc.def to h', 'sent Bearer [redacted] to h'],
])('credentials are hidden in %j, and what they are for is kept', (text, expected) => {
  expect(redactor.text(text)).toBe(expected);
});

test.each([
  'Basic validation failed: price below 0',
  'http://host:8080/npm/vitest@5.1.1',
  'wss://stream.binance.com:9443/ws/btcusdt@trade',
  'git@github.com:owner/name.git',
  'ssh://git@host/name',
  'FillMatcher.match (fill-matcher.ts:10:11)',
  'keyboard: qwerty, monkey: 1',
  '8=FIX.4.4|35=D|11=554|55=ESZ5|38=925',
])('%j is left as it is', (text) => {
  expect(redactor.text(text)).toBe(text);
});

test('a secret is hidden wherever in a text it stands', () => {
  const around = fc.constantFrom('', ' ', ' order o1 refused: ', '\n  at ', '"', '(', ', ', '\t');
  fc.assert(
    fc.property(secret, around, around, (planted, before, after) => {
      for (const text of [
        `${before}${planted}${after}`,
        JSON.stringify({ a: [`${before}${planted}${after}`] }),
        JSON.stringify(JSON.stringify({ deep: `${before}${planted}${after}` })),
        encodeURIComponent(`${before}${planted}${after}`),
      ]) {
        const hidden = redactor.text(text);
        expect(hidden).not.toContain(planted.slice(-12));
        expect(hidden).toContain('[redacted]');
      }
    }),
    { numRuns: 1_000 },
  );
});

test('hiding twice changes nothing more', () => {
  const part = fc.oneof(
    secret.map((planted) => ` ${planted} `),
    tradingValue,
    fc.constantFrom('token=', '"secret":', ' ', '&', '"', "'", '{', '\\"', '[redacted]', ',', ':'),
    fc.constantFrom('Authorization: ', 'Cookie: a=1; b=2', '\n', '8=FIX.4.4|554=', '|'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const once = redactor.text(parts.join(''));
      expect(redactor.text(once)).toBe(once);
    }),
    { numRuns: 2_000 },
  );
});
