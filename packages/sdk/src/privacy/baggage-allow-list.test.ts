import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { BAGGAGE_KEYS } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startConsumer } from '../messaging/consumer.ts';
import { packMessage } from '../messaging/message.ts';
import { startProducer } from '../messaging/producer.ts';
import { withBusinessIds } from '../propagation/business-ids.ts';
import { injectIntoPayload } from '../propagation/payload.ts';
import { readable, testTracing } from '../testing/tracing.ts';

const tracing = testTracing();
const allowedKey = fc.constantFrom(...BAGGAGE_KEYS);
const otherKey = fc
  .string({ unit: fc.constantFrom(...'abcdeXYZ.-_'), minLength: 1, maxLength: 12 })
  .filter((key) => !BAGGAGE_KEYS.includes(key));
const values = (key: fc.Arbitrary<string>, mark: string) =>
  fc.dictionary(
    key,
    fc.string({ maxLength: 8 }).map((value) => `${mark}${value}`),
    { maxKeys: 5 },
  );
/** Baggage of both kinds; each value tells which kind it is. */
const baggage = fc.tuple(values(allowedKey, 'shown-'), values(otherKey, 'private-'));

test('on every way out and onto spans, allowed baggage goes whole and nothing else goes', () => {
  fc.assert(
    fc.property(baggage, ([shown, hidden]) => {
      const base = withBusinessIds(ROOT_CONTEXT, { ...shown, ...hidden });
      const send = startProducer(tracing, 'send', { system: 'channel', context: base });
      const carrier: Record<string, string> = {};
      tracing.propagator.inject(send.context, carrier);
      const ways = [
        carrier,
        packMessage(tracing, {}, send.context),
        injectIntoPayload(tracing, { n: 1 }, send.context),
        readable(send.span).attributes,
        readable(tracing.tracer.startSpan('child', {}, base)).attributes,
      ];
      expect(JSON.stringify(ways)).not.toContain('private-');
      expect(readable(send.span).attributes).toMatchObject(shown);
      expect(tracing.propagator.read(carrier).baggage?.getAllEntries() ?? []).toEqual(
        Object.entries(shown).map(([key, value]) => [key, { value }]),
      );
    }),
  );
});

test('on every way in, only allowed baggage is let through, whoever sent it', () => {
  fc.assert(
    fc.property(baggage, ([shown, hidden]) => {
      const entries = Object.entries({ ...shown, ...hidden });
      const header = entries.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join();
      const carrier = { baggage: header };
      const extracted = tracing.propagator.extract(ROOT_CONTEXT, carrier);
      const consumer = startConsumer(tracing, 'process', { system: 'channel', carrier });
      const further = packMessage(tracing, {}, consumer.context);
      const kept = [
        propagation.getBaggage(extracted)?.getAllEntries(),
        propagation.getBaggage(consumer.context)?.getAllEntries(),
        readable(consumer.span).attributes,
        further,
      ];
      expect(JSON.stringify(kept)).not.toContain('private-');
      expect(readable(consumer.span).attributes).toMatchObject(shown);
      expect(trace.getSpanContext(extracted)).toBeUndefined();
    }),
  );
});

test('what a span says itself stays', () => {
  const context = withBusinessIds(ROOT_CONTEXT, { 'user.id': 'u1', symbol: 'BTC' });
  const span = tracing.tracer.startSpan('x', { attributes: { 'user.id': 'u2' } }, context);
  expect(readable(span).attributes).toEqual({ 'user.id': 'u2', symbol: 'BTC' });
});
