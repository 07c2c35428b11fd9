import {
  type Attributes,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttributeRedactor } from '../privacy/attribute-redactor.ts';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { StrictTraceState } from '../propagation/trace-state.ts';
import { createSampler } from '../sampling/create-sampler.ts';
import { otlpTree } from '../testing/otlp-tree.ts';
import { Clock } from '../tracing/clock.ts';
import type { RecordingSpan } from '../tracing/recording-span.ts';
import { ServiceTracer } from '../tracing/service-tracer.ts';
import type { SpanLimits } from '../tracing/span-limits.ts';
import type { BatchSink } from './batch-sink.ts';
import { ExportQueue } from './export-queue.ts';
import type { SpanBatch } from './span-batch.ts';
import { SpanBatcher, type SpanBatcherOptions } from './span-batcher.ts';

const LIMITS: SpanLimits = {
  attributeValueLengthMax: Number.POSITIVE_INFINITY,
  attributeCountMax: 128,
  eventCountMax: 128,
  linkCountMax: 1_024,
  attributesPerEventMax: 128,
  attributesPerLinkMax: 128,
};
const resource = resourceFromAttributes({ 'service.name': 'test', 'process.pid': 42 });

/** A batcher whose batches are kept. */
function capture(
  options: Partial<SpanBatcherOptions> = {},
  limits: Partial<SpanLimits> = {},
  queueSpansMax = 100_000,
) {
  const batches: SpanBatch[] = [];
  const sink: BatchSink = {
    destination: 'memory',
    send(batch, settle) {
      batches.push(batch);
      settle({ status: 'exported', rejected: 0 });
    },
    poll: () => undefined,
    close: () => undefined,
  };
  const queue = new ExportQueue(sink, {
    queueSpansMax,
    queueBytesMax: 2 ** 30,
    inFlightMax: 1,
    retryMsMax: 1_000,
    subject: 'test',
    log: () => undefined,
  });
  const batcher = new SpanBatcher(queue, {
    resource,
    redactor: new AttributeRedactor({ defaults: false }),
    batchSpansMax: 512,
    delayMs: 60_000,
    isSynchronous: false,
    ...options,
  });
  const ended: RecordingSpan[] = [];
  const core = {
    sampler: createSampler({ name: 'always_on', ratio: 1 }),
    allowList: new BaggageAllowList(),
    clock: new Clock(),
    limits: { ...LIMITS, ...limits },
    trust: { trustedHosts: [], publicEndpoint: false },
    onStart: batcher.onStart,
    onEnd(span: RecordingSpan) {
      ended.push(span);
      batcher.onEnd(span);
    },
  };
  const tracer = (name = 'scope', version = '1.0') => new ServiceTracer(core, { name, version });
  return { batches, queue, batcher, tracer, ended };
}

/** The same spans as OpenTelemetry's own serializer has them. */
function stockBytes(spans: readonly RecordingSpan[]): Uint8Array {
  const readable = spans.map((span) => ({
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    parentSpanContext: span.parentSpanContext,
    startTime: span.startTime,
    endTime: span.endTime,
    duration: [0, 0],
    ended: true,
    status: span.status,
    attributes: span.attributes,
    links: span.links,
    events: span.events,
    resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  }));
  return ProtobufTraceSerializer.serializeRequest(readable as unknown as ReadableSpan[]) ?? fail();
}

function fail(): never {
  throw new Error('nothing was serialized');
}

/** Text of all lengths around the limits of one-byte and two-byte lengths, in one to four bytes a character. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .tuple(fc.constantFrom('a', 'é', '€', '😀'), fc.integer({ min: 0, max: 140 }))
    .map(([unit, times]) => unit.repeat(times)),
  fc.integer({ min: 16_300, max: 16_500 }).map((length) => 'x'.repeat(length)),
);
const value = fc.oneof(
  text,
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noInteger: true }),
  fc.array(text, { maxLength: 40 }),
  fc.array(fc.oneof(fc.maxSafeInteger(), fc.double({ noInteger: true })), { maxLength: 40 }),
);
/** Names that nothing hides. */
const key = fc.stringMatching(/^x[a-z]{0,3}\.[a-z0-9é]{1,160}$/);
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(key, value, {
  maxKeys: 10,
  noNullPrototype: true,
});
const time: fc.Arbitrary<HrTime> = fc.tuple(
  fc.integer({ min: 0, max: 4_000_000_000 }),
  fc.integer({ min: 0, max: 999_999_999 }),
);
const spanContext = fc.record({
  traceId: fc.stringMatching(/^[1-9a-f][0-9a-f]{31}$/),
  spanId: fc.stringMatching(/^[1-9a-f][0-9a-f]{15}$/),
  traceFlags: fc.constantFrom(1, 3),
  isRemote: fc.boolean(),
  traceState: fc.option(
    fc.constantFrom('a=1', 'vendor=x y,b=2').map((header) => StrictTraceState.parse(header)),
    { nil: undefined },
  ),
});
const links = fc.array(fc.record({ context: spanContext, attributes }) as fc.Arbitrary<Link>, {
  maxLength: 5,
});

test('a span is encoded as OpenTelemetry encodes it, whatever it holds', () => {
  fc.assert(
    fc.property(
      fc.record({
        name: text,
        kind: fc.constantFrom(...[0, 1, 2, 3, 4]) as fc.Arbitrary<SpanKind>,
        attributes,
        links,
        parent: fc.option(spanContext, { nil: undefined }),
        startTime: time,
        endTime: time,
        events: fc.array(fc.record({ name: text, attributes, time }), { maxLength: 4 }),
        status: fc.option(fc.record({ message: text }), { nil: undefined }),
      }),
      (made) => {
        const { tracer, queue, batches, ended } = capture();
        const context = made.parent
          ? trace.setSpanContext(ROOT_CONTEXT, made.parent as never)
          : ROOT_CONTEXT;
        const span = tracer().startSpan(made.name, made, context);
        for (const event of made.events) span.addEvent(event.name, event.attributes, event.time);
        if (made.status) span.setStatus({ code: SpanStatusCode.ERROR, ...made.status });
        span.end(made.endTime);
        queue.flushSync();
        expect(otlpTree(batches[0]?.bytes ?? fail())).toEqual(otlpTree(stockBytes(ended)));
      },
    ),
    { numRuns: 300 },
  );
});

test('spans of several tracers stand under their own scopes, each once', () => {
  const { tracer, queue, batches, ended } = capture();
  const tracers = [tracer('a', '1'), tracer('b', ''), tracer('a', '1')];
  for (let index = 0; index < 30; index += 1) {
    tracers[(index * 7) % 3]?.startSpan(`s${index}`, {}, ROOT_CONTEXT).end();
  }
  queue.flushSync();
  const tree = otlpTree(batches[0]?.bytes ?? fail());
  expect(batches).toHaveLength(1);
  const scopeSpans = (tree[1]?.[0] as { [field: number]: { [field: number]: unknown[] }[] })[2];
  expect(scopeSpans?.flatMap((scope) => scope[2] ?? [])).toHaveLength(30);
  expect(scopeSpans).toHaveLength(3);
  expect(ended).toHaveLength(30);
});

test('whole numbers beyond 53 bits, and lists of mixed kinds, arrive as they were', () => {
  const { tracer, queue, batches } = capture();
  const odd = {
    big: 2n ** 63n - 1n,
    negative: -(2n ** 63n),
    mixed: [1, 'a', null, true, 1.5],
    bytes: new Uint8Array([1, 2, 255]),
    nested: { a: { b: ['c'] } },
  } as unknown as Attributes;
  tracer().startSpan('x', { attributes: odd }, ROOT_CONTEXT).end();
  queue.flushSync();
  const hex = Buffer.from(batches[0]?.bytes ?? fail()).toString('hex');
  expect(hex).toContain('18ffffffffffffffff7f');
  expect(hex).toContain('1880808080808080808001');
  expect(hex).toContain('3a030102ff');
  // The list: an int, a text, an empty value, a bool, a double.
  expect(hex).toContain('0a0218010a030a01610a000a0210010a0921000000000000f83f');
});

test('a batch is cut when it is full, when it is due, and when it is large', async () => {
  const byCount = capture({ batchSpansMax: 10 });
  for (let index = 0; index < 25; index += 1) {
    byCount.tracer().startSpan('x', {}, ROOT_CONTEXT).end();
  }
  expect(byCount.batches.map(({ spans }) => spans)).toEqual([10, 10]);
  const byTime = capture({ delayMs: 20 });
  byTime.tracer().startSpan('x', {}, ROOT_CONTEXT).end();
  expect(byTime.batches).toHaveLength(0);
  await expect.poll(() => byTime.batches.length).toBe(1);
  const byBytes = capture();
  const attributes = { text: 'x'.repeat(1_000_000) };
  for (let index = 0; index < 4; index += 1) {
    byBytes.tracer().startSpan('x', { attributes }, ROOT_CONTEXT).end();
  }
  expect(byBytes.batches.map(({ spans }) => spans)).toEqual([3]);
});

test('in a synchronous loop the time is looked at when a span ends', () => {
  const { tracer, batches } = capture({ isSynchronous: true, delayMs: 5 });
  const untilMs = performance.now() + 60_000;
  while (batches.length < 2 && performance.now() < untilMs) {
    tracer().startSpan('x', {}, ROOT_CONTEXT).end();
  }
  expect(batches).toHaveLength(2);
});

test('a span that cannot be encoded is dropped and counted, and the next one is whole', () => {
  const { tracer, queue, batches, ended } = capture();
  const hostile = {
    get length(): never {
      throw new Error('hostile');
    },
    toString(): never {
      throw new Error('hostile');
    },
    get a(): never {
      throw new Error('hostile');
    },
  };
  tracer().startSpan('good', {}, ROOT_CONTEXT).end();
  tracer()
    .startSpan('bad', { attributes: { hostile } as unknown as Attributes }, ROOT_CONTEXT)
    .end();
  tracer().startSpan('good too', {}, ROOT_CONTEXT).end();
  queue.flushSync();
  const good = ended.filter(({ name }) => name !== 'bad');
  expect(otlpTree(batches[0]?.bytes ?? fail())).toEqual(otlpTree(stockBytes(good)));
  expect(queue.stats()).toMatchObject({ exported: 2, queued: 0, dropped: { exportFailed: 1 } });
});

test('a full queue drops the newest span, and what was kept is whole', () => {
  const { tracer, queue, batches, ended } = capture({}, {}, 3);
  for (let index = 0; index < 5; index += 1) {
    tracer().startSpan(`s${index}`, {}, ROOT_CONTEXT).end();
  }
  queue.flushSync();
  expect(queue.stats()).toMatchObject({ exported: 3, dropped: { queueFull: 2 } });
  expect(otlpTree(batches[0]?.bytes ?? fail())).toEqual(otlpTree(stockBytes(ended.slice(0, 3))));
});

test('what is beyond the limits is left out and counted', () => {
  const { tracer, ended } = capture(
    {},
    { attributeCountMax: 2, eventCountMax: 1, linkCountMax: 1, attributeValueLengthMax: 3 },
  );
  const link = { context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 } };
  const span = tracer().startSpan(
    'x',
    { attributes: { a: '1', b: '2', c: '3' }, links: [link, link] },
    ROOT_CONTEXT,
  );
  span.setAttribute('d', '4').setAttribute('a', 'changed');
  span.addEvent('one').addEvent('two');
  span.addLink(link);
  span.end();
  expect(ended[0]).toMatchObject({
    attributes: { a: 'changed', b: '2' },
    droppedAttributesCount: 2,
    droppedEventsCount: 1,
    droppedLinksCount: 2,
  });
});
