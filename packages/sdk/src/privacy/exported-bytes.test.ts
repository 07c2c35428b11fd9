import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Exception, ROOT_CONTEXT, type Span, SpanStatusCode } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secret, tradingValue } from '../testing/secrets.ts';
import { testTracing } from '../testing/tracing.ts';
import { startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Everything that was exported, as it went over the wire. */
const bodies: Buffer[] = [];
const server = createServer(async (request, response) => {
  for await (const chunk of request) bodies.push(chunk);
  response.end();
});
let tracing: Tracing;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  tracing = testTracing({ relay: undefined, endpoint: `http://127.0.0.1:${port}` });
});

afterAll(async () => {
  await tracing.shutdown();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** What is exported of a span on which something was put. */
async function exported(put: (span: Span) => void): Promise<Buffer> {
  bodies.length = 0;
  const span = tracing.tracer.startSpan('order_execution', {}, ROOT_CONTEXT);
  put(span);
  span.end();
  expect(await tracing.flush()).toBe(true);
  return Buffer.concat(bodies);
}

function link(attributes: Record<string, string>) {
  return { context: tracing.tracer.startSpan('other').spanContext(), attributes };
}

function failure(message: string): Error {
  return new RangeError(message, { cause: new Error(message) });
}

const sensitiveKey = fc.constantFrom('api_key', 'db.password', 'X-MBX-APIKEY', 'clientSecret');

/** Places for text that may hold a secret. */
const TEXT_PLACES: Record<string, (span: Span, text: string) => void> = {
  attribute: (span, text) => span.setAttribute('order.reason', text),
  list: (span, text) => span.setAttribute('args', ['a', text]),
  map: (span, text) => span.setAttribute('args', { deep: [{ text }] } as never),
  event: (span, text) => span.addEvent('refused', { reason: text }),
  link: (span, text) => span.addLink(link({ reason: text })),
  status: (span, text) => span.setStatus({ code: SpanStatusCode.ERROR, message: text }),
  exception: (span, text) => span.recordException(failure(text)),
  'exception without a type': (span, text) => span.recordException(text as Exception),
  'thrown error': (span, text) => startedSpan(span, ROOT_CONTEXT).end({ error: failure(text) }),
  'thrown text': (span, text) => startedSpan(span, ROOT_CONTEXT).end({ error: text }),
};

/** Places for a value under a sensitive key. */
const KEY_PLACES: Record<string, (span: Span, key: string, value: string) => void> = {
  attribute: (span, key, value) => span.setAttribute(key, value),
  list: (span, key, value) => span.setAttribute(key, ['a', value]),
  map: (span, key, value) => span.setAttribute('config', { deep: { [key]: value } } as never),
  event: (span, key, value) => span.addEvent('login', { [key]: value }),
  link: (span, key, value) => span.addLink(link({ [key]: value })),
};

/** Ways in which a key and its value stand in text. */
const PAIRS: Record<string, (key: string, value: string) => string> = {
  JSON: (key, value) => JSON.stringify({ a: [{ [key]: value }], n: 1 }),
  'JSON in JSON': (key, value) => JSON.stringify({ body: JSON.stringify({ [key]: value }) }),
  address: (key, value) =>
    `https://host/api?symbol=BTCUSDT&${key}=${encodeURIComponent(value)}&n=1`,
  header: (key, value) => `POST /order\r\n${key}: ${value}\r\nHost: exchange`,
  'log line': (key, value) => `refused: ${key}=${value}, retrying`,
};

test.each(Object.entries(TEXT_PLACES))('a secret in the text of: %s', async (_, put) => {
  await fc.assert(
    fc.asyncProperty(secret, async (planted) => {
      const bytes = await exported((span) => put(span, `order o1 refused: ${planted} at 10:11`));
      expect(bytes.includes(planted.slice(-12))).toBe(false);
      expect(bytes.includes('[redacted] at 10:11')).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test.each(Object.entries(KEY_PLACES))('a value under a sensitive key of: %s', async (_, put) => {
  const value = fc.uuid();
  await fc.assert(
    fc.asyncProperty(sensitiveKey, value, async (key, planted) => {
      const bytes = await exported((span) => put(span, key, planted));
      expect(bytes.includes(planted)).toBe(false);
      expect(bytes.includes(`${key}_present`)).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test.each(Object.entries(PAIRS))('a sensitive key with its value, as: %s', async (_, write) => {
  const place = fc.constantFrom(...Object.values(TEXT_PLACES));
  await fc.assert(
    fc.asyncProperty(place, sensitiveKey, fc.uuid(), async (put, key, planted) => {
      const bytes = await exported((span) => put(span, write(key, planted)));
      expect(bytes.includes(planted)).toBe(false);
      expect(bytes.includes('[redacted]')).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('ordinary trading values leave as they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tradingValue, { minLength: 1, maxLength: 6 }), async (values) => {
      const bytes = await exported((span) => {
        span.setAttribute('order.price', values[0] ?? '').setAttribute('batch.orders', values);
      });
      for (const value of values) expect(bytes.includes(value)).toBe(true);
      expect(bytes.includes('[redacted]')).toBe(false);
    }),
    { numRuns: 100 },
  );
});
