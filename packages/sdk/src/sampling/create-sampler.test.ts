import type { AttributeValue, Link, SpanContext } from '@opentelemetry/api';
import { propagation } from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSampler, SAMPLER_NAMES } from './create-sampler.ts';
import { keyRandomness } from './randomness.ts';
import type { SamplingInput } from './sampler.ts';

const LOW = `${'a'.repeat(18)}00000000000000`;
const HIGH = `${'a'.repeat(18)}ffffffffffffff`;

const spanContext = (isSampled: boolean, traceId = HIGH): SpanContext => ({
  traceId,
  spanId: 'b'.repeat(16),
  traceFlags: isSampled ? 3 : 2,
});

interface Given {
  parent?: boolean | undefined;
  traceId?: string;
  attributes?: Record<string, AttributeValue>;
  links?: readonly Link[];
  baggage?: Record<string, string>;
}

function input({ parent, traceId = HIGH, attributes = {}, links, baggage }: Given): SamplingInput {
  const entries = Object.entries(baggage ?? {}).map(([key, value]) => [key, { value }]);
  return {
    parent: parent === undefined ? undefined : spanContext(parent, traceId),
    traceId,
    attributes: new Map(Object.entries(attributes)),
    links,
    baggage: baggage && propagation.createBaggage(Object.fromEntries(entries)),
  };
}

/** The first order of the user on the given side of a half. */
function order(isSampled: boolean): Record<string, string> {
  for (let number = 0; ; number += 1) {
    const isHigh = keyRandomness(['u1', `o${number}`]) >= 2 ** 51;
    if (isHigh === isSampled) return { [ATTR.userId]: 'u1', [ATTR.clientOrderId]: `o${number}` };
  }
}

const member = (isSampled: boolean, type: string = LINK_TYPE.memberOf): Link => ({
  context: spanContext(isSampled),
  attributes: { [ATTR.linkType]: type },
});

test.each([
  // A new trace of low and of high randomness, and a child of an unsampled and a sampled parent.
  ['always_on', true, true, true, true],
  ['always_off', false, false, false, false],
  ['traceidratio', false, true, true, true],
  ['parentbased_always_on', true, true, false, true],
  ['parentbased_always_off', false, false, false, true],
  ['parentbased_traceidratio', false, true, false, true],
  ['lifecycle', false, true, false, true],
] as const)('%s decides for new traces and for children as it is named', (name, ...expected) => {
  const sampler = createSampler({ name, ratio: 0.5 });
  const given = [{ traceId: LOW }, { traceId: HIGH }, { parent: false }, { parent: true }];
  expect(given.map((each) => sampler.shouldSample(input(each)))).toEqual(expected);
});

test('what the parent alone decides is what is decided with everything known', () => {
  const given = fc.record({
    name: fc.constantFrom(...SAMPLER_NAMES),
    ratio: fc.constantFrom(0, 0.5, 1),
    parent: fc.boolean(),
    traceId: fc.constantFrom(LOW, HIGH),
    attributes: fc.constantFrom({}, order(true), order(false)),
  });
  fc.assert(
    fc.property(given, ({ name, ratio, parent, ...rest }) => {
      const sampler = createSampler({ name, ratio });
      const early = sampler.decideByParent?.(spanContext(parent, rest.traceId), rest.attributes);
      if (early === undefined) expect([name, rest.attributes]).not.toEqual([name, {}]);
      else expect(early).toBe(sampler.shouldSample(input({ parent, ...rest })));
    }),
  );
});

const half = createSampler({ name: 'lifecycle', ratio: 0.5 });

test("a span's own order decides, whatever its parent, links and trace", () => {
  for (const own of [true, false]) {
    for (const other of [true, false]) {
      const given = {
        parent: other,
        traceId: other ? HIGH : LOW,
        attributes: { 'order.side': 'buy', ...order(own) },
        links: [member(other)],
        baggage: order(other),
      };
      expect(half.shouldSample(input(given))).toBe(own);
      expect(half.shouldSample(input({ ...given, parent: undefined }))).toBe(own);
    }
  }
});

test('half a key decides nothing', () => {
  for (const parent of [true, false]) {
    const attributes = { [ATTR.userId]: 'u1', [ATTR.clientOrderId]: ['o1', 'o2'] };
    expect(half.shouldSample(input({ parent, attributes, baggage: order(!parent) }))).toBe(parent);
  }
});

test("a new trace follows its baggage's order, to which its attributes may add", () => {
  for (const own of [true, false]) {
    const { [ATTR.userId]: user, ...rest } = order(own);
    const given = { traceId: own ? LOW : HIGH, links: [member(!own)] };
    expect(half.shouldSample(input({ ...given, baggage: order(own) }))).toBe(own);
    const attributes = { [ATTR.userId]: user ?? '' };
    expect(half.shouldSample(input({ ...given, attributes, baggage: rest }))).toBe(own);
  }
});

test('a number is the same key as its digits', () => {
  const attributes = (id: AttributeValue) => ({ [ATTR.userId]: 'u1', [ATTR.clientOrderId]: id });
  for (let id = 0; id < 50; id += 1) {
    expect(half.shouldSample(input({ attributes: attributes(id) }))).toBe(
      half.shouldSample(input({ attributes: attributes(String(id)) })),
    );
  }
});

test('a batch is kept if any member is, and a new trace without members by its id', () => {
  const sample = (traceId: string, links: readonly Link[]) =>
    half.shouldSample(input({ traceId, links }));
  expect(sample(LOW, [member(false), member(true), member(false)])).toBe(true);
  expect(sample(HIGH, [member(false), member(false)])).toBe(false);
  expect([sample(LOW, []), sample(HIGH, [])]).toEqual([false, true]);
});

test("a client's context decides nothing", () => {
  for (const isSampled of [true, false]) {
    const links = [member(isSampled, LINK_TYPE.clientContext)];
    expect(half.shouldSample(input({ traceId: LOW, links }))).toBe(false);
    expect(half.shouldSample(input({ traceId: HIGH, links }))).toBe(true);
  }
});

test('a span of several lifecycles is kept if one of them is', () => {
  const lifecycleKeys = [['a'], ['b', 'c']];
  const text = fc.string();
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      const sampler = createSampler({ name: 'lifecycle', ratio: 0.3, lifecycleKeys });
      const by = (attributes: Record<string, string>) =>
        sampler.shouldSample(input({ attributes, traceId: LOW }));
      expect(by({ a, b, c })).toBe(by({ a }) || by({ b, c }));
    }),
  );
});

test('what a ratio samples every greater ratio samples too', () => {
  const ratio = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(ratio, ratio, fc.string(), (one, other, id) => {
      const attributes = { [ATTR.userId]: 'u', [ATTR.clientOrderId]: id };
      const decide = (each: number) =>
        createSampler({ name: 'lifecycle', ratio: each }).shouldSample(input({ attributes }));
      if (decide(Math.min(one, other))) expect(decide(Math.max(one, other))).toBe(true);
    }),
  );
});

test('a rate of 1 begins every trace and a rate of 0 none, and both go on as the parent does', () => {
  const [all, none] = [1, 0].map((ratio) => createSampler({ name: 'lifecycle', ratio }));
  for (const attributes of [{}, order(true), order(false)]) {
    for (const traceId of [LOW, HIGH]) {
      expect(all?.shouldSample(input({ traceId, attributes }))).toBe(true);
      expect(none?.shouldSample(input({ traceId, attributes }))).toBe(false);
    }
    expect(all?.shouldSample(input({ parent: false, attributes }))).toBe(false);
  }
  expect(none?.shouldSample(input({ parent: true }))).toBe(true);
});

test('a key that the sdk itself may add to a span is never decided without it', () => {
  const lifecycleKeys = [['messaging.destination.name']];
  const sampler = createSampler({ name: 'lifecycle', ratio: 0.5, lifecycleKeys });
  expect(sampler.decideByParent?.(spanContext(false, LOW), {})).toBeUndefined();
});
