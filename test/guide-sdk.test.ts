// The code of docs/guides/sdk.md, as it stands there: `npx vitest run --project system test/guide-sdk.test.ts`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { injectIntoPayload, startTracing, withBusinessIds } from '@throughline/sdk';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startKafka } from '../scripts/provision/kafka.ts';
import { startNats } from '../scripts/provision/nats.ts';
import { startRedis } from '../scripts/provision/redis.ts';
import { freePort, type TestServer } from '../scripts/provision/server-process.ts';
import { type Ended, filesOf, GuideFolder } from './support/guide-program.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { ROOT } from './support/process.ts';

const WAIT_MS = 60_000;
const CLIENT_SPAN = 'b7ad6b7169203331';

const guide = readFileSync(join(ROOT, 'docs', 'guides', 'sdk.md'), 'utf8');
const files = filesOf(guide);
/** Those that the files below import or start as threads. */
const PARTS = ['pricing-thread.ts', 'risk-task.ts', 'tracing.ts'];
const ran = new Set<string>();

let folder: GuideFolder;
let collector: Collector;
let addresses: Record<string, string>;
const servers: TestServer[] = [];

beforeAll(async () => {
  folder = await GuideFolder.create(files);
  collector = await startCollector();
  const [nats, redis, kafka] = await Promise.all([startNats(), startRedis(), startKafka()]);
  servers.push(nats, redis, kafka);
  addresses = {
    OTEL_SERVICE_NAME: 'order-desk',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    NATS_URL: nats.url,
    REDIS_URL: redis.url,
    KAFKA_BROKER: kafka.bootstrap,
  };
});
beforeEach(() => {
  collector.spans.length = 0;
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await collector?.close();
  await folder?.remove();
});

/** Runs a file of the guide to its end. */
async function run(file: string, environment: Record<string, string> = {}): Promise<Ended> {
  ran.add(file);
  const ended = await folder.start(file, { ...addresses, ...environment }).ended;
  expect(ended, ended.errors).toMatchObject({ code: 0 });
  return ended;
}

/** Of each span its name, `<` its parent, `~` what it links to and why. In the order of names. */
function shape(spans: readonly CollectedSpan[] = collector.spans): string[] {
  const names = new Map(collector.spans.map(({ spanId, name }) => [spanId, name]));
  return spans
    .map(({ name, parentSpanId, links }) => {
      const parent = parentSpanId && ` < ${names.get(parentSpanId) ?? parentSpanId}`;
      const linked = links.map(({ spanId, attributes }) => {
        return ` ~ ${attributes['throughline.link.type']} ${names.get(spanId) ?? spanId}`;
      });
      return `${name}${parent ?? ''}${linked.join('')}`;
    })
    .sort();
}

function named(name: string): CollectedSpan[] {
  return collector.spans.filter((span) => span.name === name);
}

const traces = (): number => new Set(collector.spans.map(({ traceId }) => traceId)).size;

test('every file of the guide passes the compiler with the options of the repository', async () => {
  expect(await folder.typeCheck()).toMatchObject({ code: 0, output: '' });
});

test('1: with register a service is traced without a line in it, until SIGTERM', async () => {
  const [port, metricsPort] = [await freePort(), await freePort()];
  ran.add('app.ts');
  const { child, ended } = folder.start(
    'app.ts',
    { ...addresses, PORT: `${port}`, OTEL_EXPORTER_PROMETHEUS_PORT: `${metricsPort}` },
    ['--import', '@throughline/sdk/register'],
  );
  const deadlineMs = performance.now() + WAIT_MS;
  const ask = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/BTCUSDT`);
  let response = await ask().catch(() => undefined);
  while (!response && performance.now() < deadlineMs) {
    await sleep(50);
    response = await ask().catch(() => undefined);
  }
  expect(await response?.json()).toMatchObject({ symbol: 'BTCUSDT' });
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(await metrics.text()).toContain('throughline_sdk_spans_started_total 2');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: null });
  expect(shape()).toEqual(['GET', 'quote < GET']);
  expect(named('quote')[0]?.attributes).toMatchObject({ 'trading.symbol': 'BTCUSDT' });
});

const VALIDATED = 'true\nRangeError: a quantity is positive\n';

test('1: a traced function returns and throws as it did, and both are on its spans', async () => {
  expect(await run('functions.ts')).toMatchObject({ output: VALIDATED, errors: '' });
  const [first, second] = named('order_validation');
  expect(first).toMatchObject({ isError: false, attributes: { 'order.quantity': '3' } });
  expect(second).toMatchObject({ isError: true, attributes: { 'error.type': 'RangeError' } });
});

test.each([
  ['OTEL_TRACING_ENABLED', 'false'],
  ['OTEL_TRACES_EXPORTER', 'none'],
])('11: with %s=%s the service does the same and no span is sent', async (name, value) => {
  expect(await run('functions.ts', { [name]: value })).toMatchObject({ output: VALIDATED });
  expect(collector.spans).toEqual([]);
});

test('11: without a receiver the service does the same, and the log says once what happens', async () => {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const ended = await run('functions.ts', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  expect(ended.output).toBe(VALIDATED);
  const lines = ended.errors.trim().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^tracing: order-desk to .*: spans wait to be sent: /),
    expect.stringMatching(/^tracing: order-desk to .*: spans are being lost: /),
  ]);
});

test('2: from the tick to the reply it is one trace of eight spans', async () => {
  await run('ticks.ts');
  expect(shape()).toEqual([
    'process market.data.* < send market.data.BTCUSDT',
    'process risk.check < request risk.check',
    'process signals.trading < send signals.trading',
    'receive reply risk.check < reply risk.check ~ response_to request risk.check',
    'reply risk.check < process risk.check',
    'request risk.check < process signals.trading',
    'send market.data.BTCUSDT',
    'send signals.trading < process market.data.*',
  ]);
  expect(traces()).toBe(1);
  const [engine] = named('process signals.trading');
  expect(engine?.attributes).toMatchObject({ 'order.accepted': true });
});

test('2: what JetStream delivers again is marked and linked to the attempt before', async () => {
  await run('orders-stream.ts');
  expect(shape()).toEqual([
    'ack orders.new.o1 < process orders.new.*',
    'nak orders.new.o1 < process orders.new.*',
    'process orders.new.* < send orders.new.*',
    'process orders.new.* < send orders.new.* ~ redelivery_of process orders.new.*',
    'send orders.new.*',
  ]);
  const again = named('process orders.new.*').find(({ links }) => links.length > 0);
  expect(again?.attributes).toMatchObject({ 'messaging.redelivered': true });
});

test('2: a service that reads the field of the payload continues both kinds of senders', async () => {
  expect((await run('old-service.ts')).output).toBe('{"id":"f1"}\n{"id":"f2"}\n');
  expect(shape()).toEqual(['book_fill < replay', 'book_fill < send fills', 'replay', 'send fills']);
});

test('3: each message of a batch is processed below its own sender', async () => {
  const { output } = await run('fills.ts');
  for (const key of ['o1', 'o2', 'snapshot']) expect(output).toContain(`booked ${key}\n`);
  // The broker decides whether there is one batch, or two.
  const received = named('receive fills').flatMap(({ links }) => links.map(({ spanId }) => spanId));
  const created = [...named('create fills'), ...named('publish_snapshot')];
  expect(received.sort()).toEqual(created.map(({ spanId }) => spanId).sort());
  expect(shape(collector.spans.filter(({ name }) => name !== 'receive fills'))).toEqual([
    'create fills',
    'create fills',
    'process fills < create fills',
    'process fills < create fills',
    'process fills < publish_snapshot',
    'publish_snapshot',
    'send fills ~ member_of create fills ~ member_of create fills',
  ]);
});

test('3: so is what a stream of the other client gives', async () => {
  await run('quotes.ts');
  expect(shape()).toEqual(['process quotes < send quotes', 'send quotes']);
  const [quote] = named('process quotes');
  expect(quote?.attributes).toMatchObject({ 'trading.symbol': 'BTCUSDT' });
});

test('4: in a channel each order keeps the context it was sent in', async () => {
  await run('desk.ts');
  const [child, root] = ['process order < client_order_received', 'client_order_received'];
  expect(shape()).toEqual([root, root, root, child, child, child]);
  expect(traces()).toBe(3);
});

test('4: a thread and a pool continue the trace, and the main thread sends their spans', async () => {
  await run('pricing.ts');
  expect(shape()).toEqual(['price < quote_requested', 'quote_requested']);
  expect(named('price')[0]).toMatchObject({
    service: 'pricing',
    attributes: { 'trading.symbol': 'BTCUSDT' },
  });
  collector.spans.length = 0;
  expect((await run('risk.ts')).output).toBe('{"isAccepted":true}\n');
  expect(shape()).toEqual(['risk_check < run risk_check', 'run risk_check']);
  expect(named('risk_check')[0]?.service).toBe('risk');
});

test("5: a client's context is linked to, ours goes to our own services alone", async () => {
  const ports = { DESK_PORT: `${await freePort()}`, GATEWAY_PORT: `${await freePort()}` };
  expect((await run('gateway.ts', ports)).output).toBe('{"accepted":{"id":"o1"}}\n');
  const [order] = named('client_order_received');
  const ofOrder = collector.spans.filter(({ traceId }) => traceId === order?.traceId);
  const connection = '~ connection websocket connect';
  expect(shape(ofOrder)).toEqual([
    `client_order_received ~ client_context ${CLIENT_SPAN} ${connection}`,
    `process orders < send orders ${connection}`,
    `process orders < send orders ${connection}`,
    `send < process orders ${connection}`,
    `send orders < client_order_received ${connection}`,
    `send orders < process orders ${connection}`,
  ]);
});

/** The spans of `orders.ts`, but for those of the batch itself. */
const MATCHED = [
  'client_order_received',
  'client_order_received',
  'exchange_fill_received',
  'exchange_fill_received < exchange_order_send',
  'exchange_order_send < order_batching',
  'exchange_order_send < order_batching',
  ...['', ''].map(
    () =>
      'fill_matching ~ filled_by exchange_fill_received' +
      ' ~ allocated_to client_order_received ~ allocated_to client_order_received',
  ),
];

test('6: batch, exchange orders, answers and fills hang together, and a miss says so', async () => {
  await run('orders.ts');
  const member = ' ~ member_of client_order_received';
  expect(shape()).toEqual([...MATCHED, `order_batching${member}${member}`]);
  const [missed] = named('exchange_fill_received').filter(({ parentSpanId }) => !parentSpanId);
  expect(missed?.attributes).toMatchObject({
    'throughline.correlation': 'missed',
    'exchange.order_id': 'x9',
  });
  for (const send of named('exchange_order_send')) {
    expect(send.attributes).toMatchObject({ 'batch.id': 'b1' });
    expect(send.attributes).not.toHaveProperty('user.id');
  }
  const quantities = named('fill_matching').map(({ links }) =>
    links.map(({ attributes }) => attributes['fill.quantity']),
  );
  expect(quantities).toEqual([
    [undefined, '0.3', '0.7'],
    [undefined, '0.3', '0.7'],
  ]);
});

test('6: links that a span cannot keep go to a child of its name', async () => {
  await run('orders.ts', { OTEL_SPAN_LINK_COUNT_LIMIT: '1' });
  const batches = named('order_batching');
  expect(shape(batches)).toEqual([
    'order_batching < order_batching ~ member_of client_order_received',
    'order_batching ~ member_of client_order_received',
  ]);
  const supplement = batches.find(({ parentSpanId }) => parentSpanId !== undefined);
  expect(supplement?.attributes).toMatchObject({ 'throughline.supplement': true });
});

test('6: another instance finds what is shared, over Redis and over NATS KV', async () => {
  expect((await run('shared-registry.ts')).output).toBe('Redis true\nNATS KV true\n');
});

test('7 and 8: business ids are on the spans below, and decide whether these are recorded', async () => {
  expect((await run('business-ids.ts')).output).toBe('42000.10\n');
  const ids = { 'user.id': 'u1', 'client.order_id': 'o1' };
  expect(named('price')).toMatchObject([{ attributes: ids }]);
  // The order's randomness is 0.143 (docs/reference/sampling.md).
  collector.spans.length = 0;
  await run('business-ids.ts', { OTEL_SAMPLING_RATE: '0.85' });
  expect(collector.spans).toEqual([]);
  await run('business-ids.ts', { OTEL_SAMPLING_RATE: '0.86' });
  expect(named('price')).toMatchObject([{ attributes: ids }]);
});

test('9: of secrets a span says only that they were there', async () => {
  await run('privacy.ts');
  expect(named('exchange_request')[0]?.attributes).toEqual({
    'exchange.api_key_present': true,
    'client.passport_present': true,
    'url.query': 'symbol=BTCUSDT&signature=[redacted]',
    'payment.note': 'from [redacted]',
    'exchange.frame': '{"id":"o1","apiKey":"[redacted]","iban":"[redacted]"}',
  });
});

test('9: an outsider sets neither trace nor baggage', async () => {
  await run('public.ts');
  expect(shape()).toEqual([`client_order_received ~ client_context ${CLIENT_SPAN}`]);
  expect(named('client_order_received')[0]?.attributes).not.toHaveProperty('user.id');
});

test('10: a log record names its span, and the metrics count it', async () => {
  // pino writes in the background, console.log at once: either may be first.
  const lines = (await run('logs.ts')).output.split('\n');
  const record = lines.find((line) => line.startsWith('{')) ?? '';
  const [fill] = named('fill_matching');
  expect(JSON.parse(record)).toMatchObject({ trace_id: fill?.traceId, span_id: fill?.spanId });
  expect(lines).toContain('throughline_sdk_spans_ended_total 1');
});

test('11: the bytes that the guide tells are those that are sent', () => {
  const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
  const context = trace.setSpanContext(ROOT_CONTEXT, spanContext);
  const bytes = { tracecontext: 0, compact: 0 };
  for (const propagator of ['tracecontext', 'compact'] as const) {
    const tracing = startTracing({ global: false, exporter: 'none', propagators: [propagator] });
    const payload = { id: 1 };
    const sent = JSON.stringify(injectIntoPayload(tracing, payload, context));
    bytes[propagator] = sent.length - JSON.stringify(payload).length;
  }
  const tracing = startTracing({ global: false, exporter: 'none' });
  const carrier: Record<string, string> = {};
  const ids = { 'user.id': 'u1', 'client.order_id': 'o1' };
  tracing.propagator.inject(withBusinessIds(context, ids), carrier);
  const { traceparent = '', baggage = '' } = carrier;
  expect(guide).toContain(`| 11 for its name, ${traceparent.length} for its value |`);
  expect(guide).toContain(`\`_otel_trace_headers\` | ${bytes.tracecontext} |`);
  expect(guide).toMatch(new RegExp(`field \`_tl\`.* \\| ${bytes.compact} \\|`));
  expect(guide).toContain(`\`${baggage}\` | ${baggage.length} |`);
});

test('no file of the guide is left out here', () => {
  expect([...ran, ...PARTS].sort()).toEqual([...files.keys()].sort());
});
