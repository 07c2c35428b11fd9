import type { AttributeValue, Span } from '@throughline/model';
import fc from 'fast-check';
import {
  encodeFull,
  hex,
  type OtlpAttribute,
  type OtlpValue,
} from '../../../packages/store/src/testing/otlp.ts';

/** A random request as a sender encodes it, and what the store has to return for it. */
export interface RandomRequest {
  readonly record: Uint8Array;
  readonly spans: readonly Span[];
}

/** A value in both forms. */
interface Value {
  readonly sent: OtlpValue;
  readonly kept: AttributeValue;
}

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const TIME = fc.bigInt({ min: 0n, max: 2n ** 62n });
const COUNT = fc.nat({ max: 5 });
const FLAGS = fc.constantFrom(0, 1, 0x101, 0xffffffff);
const TEXT = fc.string({ unit: 'grapheme', maxLength: 12 });

const scalar: fc.Arbitrary<Value> = fc.oneof(
  TEXT.map((text) => ({ sent: { string_value: text }, kept: text })),
  fc.boolean().map((flag) => ({ sent: { bool_value: flag }, kept: flag })),
  fc.bigInt(INT64).map((int) => ({ sent: { int_value: `${int}` }, kept: int })),
  fc.double().map((double) => ({ sent: { double_value: double }, kept: double })),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => ({ sent: { bytes_value: bytes }, kept: bytes })),
  fc.constant({ sent: {}, kept: null }),
);

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }).map((values) => ({
      sent: { array_value: { values: values.map(({ sent }) => sent) } },
      kept: values.map(({ kept }) => kept),
    })),
    fc.dictionary(TEXT, tie('value'), { maxKeys: 4 }).map((map) => ({
      sent: { kvlist_value: { values: sentOf(map) } },
      kept: keptOf(map),
    })),
  ),
}));
const attributes = fc.dictionary(TEXT, value, { maxKeys: 6 });

function sentOf(map: Record<string, Value>): OtlpAttribute[] {
  return Object.entries(map).map(([key, { sent }]) => ({ key, value: sent }));
}

function keptOf(map: Record<string, Value>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(map).map(([key, { kept }]) => [key, kept]));
}

/** Ids are random whatever the seed: two suites may share a store. */
const id = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).filter((given) => given.some(Boolean));

const link = fc.record({
  trace_id: id(16),
  span_id: id(8),
  trace_state: fc.constantFrom('', 'a=1,b=2'),
  attributes,
  dropped_attributes_count: COUNT,
  flags: FLAGS,
});
const event = fc.record({
  time_unix_nano: TIME,
  name: TEXT,
  attributes,
  dropped_attributes_count: COUNT,
});
const span = fc.record({
  trace_id: id(16),
  span_id: id(8),
  parent_span_id: fc.option(id(8), { nil: undefined }),
  trace_state: fc.constantFrom('', 'vendor=x'),
  flags: FLAGS,
  name: TEXT,
  kind: fc.integer({ min: 1, max: 5 }),
  start_time_unix_nano: TIME,
  end_time_unix_nano: TIME,
  attributes,
  dropped_attributes_count: COUNT,
  events: fc.array(event, { maxLength: 3 }),
  dropped_events_count: COUNT,
  links: fc.array(link, { maxLength: 3 }),
  dropped_links_count: COUNT,
  status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: TEXT }),
});
const scope = fc.record({
  name: TEXT,
  version: TEXT,
  attributes: fc.oneof(fc.constant({}), attributes),
  dropped_attributes_count: COUNT,
  schema_url: fc.constantFrom('', 'https://opentelemetry.io/schemas/1.37.0'),
  spans: fc.array(span, { minLength: 1, maxLength: 3 }),
});
const resource = fc.record({
  service: TEXT,
  attributes,
  dropped_attributes_count: COUNT,
  schema_url: fc.constantFrom('', 'https://opentelemetry.io/schemas/1.21.0'),
  scopes: fc.array(scope, { minLength: 1, maxLength: 2 }),
});
type RandomResource = typeof resource extends fc.Arbitrary<infer T> ? T : never;
type RandomScope = RandomResource['scopes'][number];
type RandomSpan = RandomScope['spans'][number];

export const randomRequest: fc.Arbitrary<RandomRequest> = fc
  .array(resource, { minLength: 1, maxLength: 2 })
  .map((resources) => ({
    record: encodeFull({ resource_spans: resources.map(sentResource) }),
    spans: resources.flatMap((from) =>
      from.scopes.flatMap((inScope) => inScope.spans.map((each) => keptSpan(each, inScope, from))),
    ),
  }));

function resourceAttributes(from: RandomResource): Record<string, Value> {
  const service: Value = { sent: { string_value: from.service }, kept: from.service };
  return { ...from.attributes, 'service.name': service };
}

function sentResource(from: RandomResource): object {
  const { dropped_attributes_count, schema_url } = from;
  return {
    resource: { attributes: sentOf(resourceAttributes(from)), dropped_attributes_count },
    schema_url,
    scope_spans: from.scopes.map((inScope) => ({
      scope: {
        name: inScope.name,
        version: inScope.version,
        attributes: sentOf(inScope.attributes),
        dropped_attributes_count: inScope.dropped_attributes_count,
      },
      schema_url: inScope.schema_url,
      spans: inScope.spans.map(sentSpan),
    })),
  };
}

function sentSpan(each: RandomSpan): object {
  return {
    ...each,
    start_time_unix_nano: `${each.start_time_unix_nano}`,
    end_time_unix_nano: `${each.end_time_unix_nano}`,
    attributes: sentOf(each.attributes),
    events: each.events.map((inSpan) => ({
      ...inSpan,
      time_unix_nano: `${inSpan.time_unix_nano}`,
      attributes: sentOf(inSpan.attributes),
    })),
    links: each.links.map((inSpan) => ({ ...inSpan, attributes: sentOf(inSpan.attributes) })),
  };
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUS_CODES = ['unset', 'ok', 'error'] as const;

function keptSpan(each: RandomSpan, inScope: RandomScope, from: RandomResource): Span {
  const scopeAttributes = keptOf(inScope.attributes);
  return {
    traceId: hex(each.trace_id),
    spanId: hex(each.span_id),
    ...(each.parent_span_id && { parentSpanId: hex(each.parent_span_id) }),
    ...given('traceState', each.trace_state),
    ...given('flags', each.flags),
    name: each.name,
    kind: KINDS[each.kind - 1] ?? 'internal',
    service: from.service,
    host: '',
    startNs: each.start_time_unix_nano,
    endNs: each.end_time_unix_nano,
    status: { code: STATUS_CODES[each.status.code] ?? 'unset', message: each.status.message },
    attributes: keptOf(each.attributes),
    resource: keptOf(resourceAttributes(from)),
    ...given('resourceSchemaUrl', from.schema_url),
    ...given('resourceDroppedAttributes', from.dropped_attributes_count),
    scope: {
      name: inScope.name,
      version: inScope.version,
      ...(Object.keys(scopeAttributes).length > 0 && { attributes: scopeAttributes }),
      ...given('droppedAttributes', inScope.dropped_attributes_count),
      ...given('schemaUrl', inScope.schema_url),
    },
    events: each.events.map((inSpan) => ({
      timeNs: inSpan.time_unix_nano,
      name: inSpan.name,
      attributes: keptOf(inSpan.attributes),
      ...given('droppedAttributes', inSpan.dropped_attributes_count),
    })),
    links: each.links.map((inSpan) => ({
      traceId: hex(inSpan.trace_id),
      spanId: hex(inSpan.span_id),
      ...given('traceState', inSpan.trace_state),
      ...given('flags', inSpan.flags),
      attributes: keptOf(inSpan.attributes),
      ...given('droppedAttributes', inSpan.dropped_attributes_count),
    })),
    dropped: {
      attributes: each.dropped_attributes_count,
      events: each.dropped_events_count,
      links: each.dropped_links_count,
    },
  };
}

function given(name: string, each: string | number): object {
  return each ? { [name]: each } : {};
}
