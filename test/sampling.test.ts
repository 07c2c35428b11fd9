// Sampling by lifecycle over four real processes: an order is whole or not there at all.
// Run alone: npx vitest run --project system test/sampling.test.ts
import { ATTR, ORDER_SPAN } from '@throughline/model';
import { afterEach, expect, test } from 'vitest';
import { keyRandomness, samplingThreshold } from '../packages/sdk/src/sampling/randomness.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { ServiceProcess } from './support/sampling-process.ts';

const RATE = 0.3;
const ORDERS = 300;
const BATCH_SIZE = 4;
const PARTS = 2;

/** Spans of an order alone, and of what it shares with the others of its batch. */
const OWN = {
  [ORDER_SPAN.clientOrderReceived]: 1,
  [ORDER_SPAN.orderManagerProcessing]: 1,
  [ORDER_SPAN.clientOrderUpdate]: PARTS,
};
const SHARED = {
  [ORDER_SPAN.orderBatching]: 1,
  [ORDER_SPAN.algorithmProcessing]: 1,
  [ORDER_SPAN.exchangeOrderSend]: PARTS,
  [ORDER_SPAN.externalExchangeWsSend]: PARTS,
  [ORDER_SPAN.externalExchangeWsRecv]: PARTS,
  [ORDER_SPAN.exchangeFillReceived]: PARTS,
  [ORDER_SPAN.fillMatching]: PARTS,
};

const orders = Array.from({ length: ORDERS }, (_, index) => ({
  userId: `user-${index % 7}`,
  orderId: `order-${index}`,
}));

let collector: Collector;
let processes: ServiceProcess[] = [];

afterEach(async () => {
  for (const each of processes) each.kill();
  await collector.close();
});

/** Runs all orders through four processes, and waits until these have sent their spans. */
async function runFlow(environment: NodeJS.ProcessEnv): Promise<CollectedSpan[]> {
  collector = await startCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment };
  const start = (name: string) => new ServiceProcess(name, env);
  const gateway = start('gateway');
  const manager = start('order-manager');
  const algorithm = start('algorithm');
  const exchangeClient = start('exchange-client');
  processes = [gateway, manager, algorithm, exchangeClient];
  const received = await gateway.run(
    'receiveOrder',
    orders.map((order) => [order]),
  );
  const batches = await manager.run(
    'batch',
    inBatches(received).map((members, index) => [`b${index}`, members]),
  );
  const parts = await algorithm.run(
    'split',
    batches.map((batch) => [batch, PARTS]),
  );
  const sent = await exchangeClient.run(
    'sendOut',
    parts.flat().map((part) => [part]),
  );
  const fills = await exchangeClient.run(
    'receiveFill',
    sent.map((part) => [part]),
  );
  await algorithm.run(
    'match',
    fills.map((fill) => [fill, fill.event.orders]),
  );
  for (const each of processes) expect(await each.stop()).toBe(true);
  return collector.spans;
}

function inBatches<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / BATCH_SIZE);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE),
  );
}

/** What follows from the span, over parents and links, but for spans of another order. */
function coneOf(begin: CollectedSpan, spans: readonly CollectedSpan[]): CollectedSpan[] {
  const idOf = ({ traceId, spanId }: { traceId: string; spanId: string }) => traceId + spanId;
  const effects = new Map<string, CollectedSpan[]>();
  for (const span of spans) {
    const { parentSpanId: spanId, traceId, links } = span;
    const causes = spanId === undefined ? links : [...links, { traceId, spanId }];
    for (const cause of causes) {
      effects.set(idOf(cause), [...(effects.get(idOf(cause)) ?? []), span]);
    }
  }
  const keyOf = ({ attributes }: CollectedSpan) =>
    attributes[ATTR.clientOrderId] &&
    `${attributes[ATTR.userId]}/${attributes[ATTR.clientOrderId]}`;
  const cone = new Set([begin]);
  for (const span of cone) {
    for (const effect of effects.get(idOf(span)) ?? []) {
      if ((keyOf(effect) ?? keyOf(begin)) === keyOf(begin)) cone.add(effect);
    }
  }
  return [...cone];
}

function countNames(spans: readonly CollectedSpan[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of spans) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

test('over four processes a sampled order is whole, and nothing is there of any other', async () => {
  const spans = await runFlow({ OTEL_SAMPLING_RATE: String(RATE) });
  const isSampled = (order: (typeof orders)[number]) =>
    keyRandomness([order.userId, order.orderId]) >= samplingThreshold(RATE);
  const sampled = orders.filter(isSampled);
  expect(sampled.length / ORDERS).toBeGreaterThan(RATE / 2);
  expect(sampled.length / ORDERS).toBeLessThan(RATE * 2);
  const begins = spans.filter(({ name }) => name === ORDER_SPAN.clientOrderReceived);
  expect(begins.map(({ attributes }) => attributes[ATTR.clientOrderId]).sort()).toEqual(
    sampled.map(({ orderId }) => orderId).sort(),
  );
  for (const begin of begins) {
    expect(countNames(coneOf(begin, spans))).toEqual({ ...OWN, ...SHARED });
  }
  // So every span there is belongs to a sampled order: there are no more than these need.
  const sharing = inBatches(orders).filter((members) => members.some(isSampled)).length;
  const times = (counts: Record<string, number>, factor: number) =>
    Object.entries(counts).map(([name, count]) => [name, count * factor] as const);
  expect(countNames(spans)).toEqual(
    Object.fromEntries([...times(OWN, sampled.length), ...times(SHARED, sharing)]),
  );
  expect(new Set(spans.map(({ service }) => service)).size).toBe(processes.length);
});

test('a batch is linked to all of its members, sampled or not, for quantities have to add up', async () => {
  const spans = await runFlow({ OTEL_SAMPLING_RATE: String(RATE) });
  for (const { name, links } of spans) {
    if (name === ORDER_SPAN.orderBatching) expect(links).toHaveLength(BATCH_SIZE);
    if (name === ORDER_SPAN.fillMatching) expect(links).toHaveLength(BATCH_SIZE + 1);
  }
});

test('at a rate of 0 there is no span at all, and without a rate every one', async () => {
  expect(await runFlow({ OTEL_SAMPLING_RATE: '0' })).toEqual([]);
  await collector.close();
  const spans = await runFlow({});
  const batches = ORDERS / BATCH_SIZE;
  expect(countNames(spans)[ORDER_SPAN.clientOrderUpdate]).toBe(ORDERS * PARTS);
  expect(countNames(spans)[ORDER_SPAN.fillMatching]).toBe(batches * PARTS);
});
