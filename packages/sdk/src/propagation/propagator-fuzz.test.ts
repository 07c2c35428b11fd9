import {
  type BaggageEntry,
  baggageEntryMetadataFromString,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import type { Carrier } from './carrier.ts';
import { StrictPropagator } from './propagator.ts';
import { hasValidIds } from './trace-parent.ts';
import { StrictTraceState } from './trace-state.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03';
const COMPACT = 'AAr3ZRkWzUPdhEjrIRyAMZy3rWtxaSAzMQM';
const KEYS = Array.from({ length: 100 }, (_, index) => `k${index}`);
const allowList = new BaggageAllowList(KEYS);
const w3c = new StrictPropagator(allowList);
const compact = new StrictPropagator(allowList, { form: 'compact' });

/** What comes out of any carrier is valid and within the limits, and goes on unchanged. */
function check(carrier: unknown, getter?: Parameters<typeof w3c.extract>[2]): void {
  const context = w3c.extract(ROOT_CONTEXT, carrier, getter);
  const spanContext = trace.getSpanContext(context);
  if (spanContext) expect(hasValidIds(spanContext)).toBe(true);
  const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
  expect(entries.length).toBeLessThanOrEqual(64);
  for (const propagator of [w3c, compact]) {
    const out: Carrier = {};
    propagator.inject(context, out);
    expect(out.baggage?.length ?? 0).toBeLessThanOrEqual(8_192);
    expect(out.tracestate?.length ?? 0).toBeLessThanOrEqual(4_096);
    expect(out.tracestate?.split(',').length ?? 0).toBeLessThanOrEqual(32);
    const again: Carrier = {};
    propagator.inject(propagator.extract(ROOT_CONTEXT, out), again);
    expect(again).toEqual(out);
  }
}

const header = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'ak01=,;% \t-"') }),
  fc.constantFrom(PARENT, `${PARENT} `, COMPACT, 'a=1,b=2', 'k1=%F0%9F,k2=x;p'),
  fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
);
const value = fc.oneof(header, fc.array(fc.oneof(header, fc.anything())), fc.anything());
const named = fc.record(
  {
    traceparent: value,
    tracestate: value,
    baggage: value,
    Baggage: value,
    _tl: value,
    TraceParent: value,
  },
  { requiredKeys: [] },
);

test('nothing that a carrier holds makes it throw', () => {
  const carrier = fc.oneof(named, named, fc.anything({ withNullPrototype: true, withMap: true }));
  fc.assert(
    fc.property(carrier, (anything) => check(anything)),
    { numRuns: 2_000 },
  );
});

test('nothing that a getter answers makes it throw', () => {
  const keys = fc.array(fc.oneof(fc.constantFrom('traceparent', 'baggage', '_tl'), fc.anything()));
  fc.assert(
    fc.property(fc.oneof(keys, fc.anything()), value, (names, answer) => {
      check({}, { keys: () => names as string[], get: () => answer as string });
    }),
    { numRuns: 500 },
  );
});

const refuse = (): never => {
  throw new TypeError('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const cyclic: Record<string, unknown> = { traceparent: PARENT };
cyclic.baggage = [cyclic, 'k1=1'];
cyclic.self = cyclic;

test.each<[string, unknown]>([
  ['a carrier whose keys cannot be listed', new Proxy({}, { ownKeys: refuse })],
  ['a carrier whose values cannot be read', new Proxy({ traceparent: PARENT }, { get: refuse })],
  ['a carrier whose prototype cannot be read', new Proxy({}, { getPrototypeOf: refuse })],
  ['a carrier that is no more', revoked.proxy],
  ['a list that is no more', { traceparent: revoked.proxy }],
  ['a value that throws', Object.defineProperty({}, 'baggage', { enumerable: true, get: refuse })],
])('%s is malformed, and nothing is thrown', (_, carrier) => {
  expect(w3c.read(carrier)).toEqual({
    outcome: 'malformed',
    spanContext: undefined,
    baggage: undefined,
  });
});

test('a cyclic carrier, a function, and text objects are read for what they hold', () => {
  check(cyclic);
  expect(w3c.read(cyclic)).toMatchObject({ outcome: 'withContext' });
  expect(w3c.read(() => PARENT).outcome).toBe('withoutContext');
  expect(w3c.read({ traceparent: new String(PARENT) }).outcome).toBe('withoutContext');
  expect(w3c.read([['traceparent', PARENT]]).outcome).toBe('withoutContext');
});

test('only what a carrier itself has counts, and lists and bytes are no carriers', () => {
  for (const none of [
    Object.create({ traceparent: PARENT }),
    Object.assign([], { traceparent: PARENT }),
    Object.assign(Buffer.alloc(1), { traceparent: PARENT }),
  ]) {
    expect(w3c.read(none).outcome).toBe('withoutContext');
  }
});

test('megabytes cost no more than the limits allow', () => {
  const mega = 1_000_000;
  const members = KEYS.map((key) => `${key}=1`).join(',');
  for (const huge of [
    'x'.repeat(mega),
    ','.repeat(mega),
    ' '.repeat(mega),
    '%'.repeat(mega),
    `cc${PARENT.slice(2)}-${'x'.repeat(mega)}`,
    `${members},`.repeat(mega / members.length),
    `k1=1;${'p;'.repeat(mega / 2)}`,
  ]) {
    check({ traceparent: huge, tracestate: huge, baggage: huge, _tl: huge });
    check({ traceparent: PARENT, tracestate: [huge, huge], baggage: [huge, huge] });
  }
  const endless = Array.from({ length: 1_000 }, () => 'x'.repeat(mega));
  expect(w3c.read({ traceparent: PARENT, baggage: endless }).outcome).toBe('withContext');
  expect(w3c.read({ traceparent: `cc${PARENT.slice(2)}-${'x'.repeat(mega)}` }).outcome).toBe(
    'malformed',
  );
});

test('only our names are asked for, and of a long list no more than the beginning', () => {
  let asked = 0;
  const list = new Proxy(
    Array.from({ length: 100_000 }, () => 'k1=1'),
    {
      get(target, key, receiver) {
        asked += 1;
        return Reflect.get(target, key, receiver);
      },
    },
  );
  check({ baggage: list });
  expect(asked).toBeLessThan(5_000);
  const names = Array.from({ length: 100_000 }, (_, index) => `header-${index}`);
  const got: string[] = [];
  w3c.extract(
    ROOT_CONTEXT,
    {},
    { keys: () => [...names, 'Baggage'], get: (_, key) => void got.push(key) },
  );
  expect(got).toEqual(['Baggage']);
});

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => /[^0]/.test(id));
const stateMember = fc.tuple(
  fc.stringMatching(/^[a-z0-9][a-z0-9_*/@-]{0,20}$/),
  fc.stringMatching(/^[ -+.-<>-~-]{0,20}[!-+.-<>-~-]$/),
);
const state = fc.uniqueArray(stateMember, { maxLength: 32, selector: ([key]) => key });
const entry = fc.record({
  value: fc.string({ unit: 'grapheme', maxLength: 20 }),
  properties: fc.array(fc.stringMatching(/^[a-z]{1,5}(=[a-z0-9=%]{0,5})?$/), { maxLength: 2 }),
});

test('what is injected is extracted: span context, trace state, baggage with properties', () => {
  fc.assert(
    fc.property(
      fc.record({ traceId: hex(32), spanId: hex(16), traceFlags: fc.integer({ min: 0, max: 3 }) }),
      state,
      fc.dictionary(fc.constantFrom(...KEYS), entry, { maxKeys: 20 }),
      fc.constantFrom(w3c, compact),
      (ids, members, given, propagator) => {
        const tracestate = members.map(([key, text]) => `${key}=${text}`).join(',');
        const traceState = StrictTraceState.parse(tracestate);
        const entries = Object.entries(given).map(([key, { value: text, properties }]) => {
          const metadata = baggageEntryMetadataFromString(properties.join(';'));
          const made: BaggageEntry =
            properties.length > 0 ? { value: text, metadata } : { value: text };
          return [key, made] as const;
        });
        const context = propagation.setBaggage(
          trace.setSpanContext(ROOT_CONTEXT, traceState ? { ...ids, traceState } : ids),
          propagation.createBaggage(Object.fromEntries(entries)),
        );
        const carrier: Carrier = {};
        propagator.inject(context, carrier);
        const { outcome, spanContext, baggage } = propagator.read(
          JSON.parse(JSON.stringify(carrier)),
        );
        expect(outcome).toBe('withContext');
        expect(spanContext).toMatchObject({ ...ids, isRemote: true });
        expect(spanContext?.traceState?.serialize() ?? '').toBe(tracestate);
        const texts = (list: readonly (readonly [string, BaggageEntry])[]) =>
          list.map(([key, { value: text, metadata }]) => [key, text, metadata?.toString()]);
        expect(texts(baggage?.getAllEntries() ?? [])).toEqual(texts(entries));
      },
    ),
    { numRuns: 500 },
  );
});
