/**
 * The proof of the whole: at 1,000 messages a second and more, through a restart of the broker in
 * mid-stream, every message carries its context and every trace is whole. What was offered, what was
 * reached and what a restart costs is printed. `npx vitest run --project system test/proof.test.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CollectedSpan } from './support/orders-collector.ts';
import { OptionsPipeline } from './support/proof-kafka.ts';
import { writeMarketRecording } from './support/proof-market.ts';
import {
  type Counts,
  countsOf,
  type Measured,
  Metrics,
  untilQuiet,
  untilSo,
} from './support/proof-metrics.ts';
import { SpanIndex } from './support/proof-spans.ts';
import { type SignalsService, SignalsSystem } from './support/signals-system.ts';
import { errorsOf, expectPathToConfirmation } from './support/signals-topology.ts';

const TICKS = { ticks: 8_000, ticksPerSecond: 1_200 };
const QUOTES = { quotes: 6_000, quotesPerSecond: 1_200 };

/** The share of the stream after which the broker ends. */
const RESTART_AT = 0.3;

test('signals: 1,200 ticks/s through a killed NATS server, no message without its context', async () => {
  const system = await SignalsSystem.start();
  const folder = mkdtempSync(join(tmpdir(), 'throughline-proof-'));
  try {
    const recording = join(folder, 'market.jsonl');
    writeMarketRecording(recording, TICKS);
    const services = await startSignals(system, recording);
    const { socketClient } = services;
    await untilSo('a part of the ticks', () => system.seen.length > TICKS.ticks * RESTART_AT);
    await system.nats.restart('SIGKILL');
    await untilSo(
      'all ticks',
      async () => (await Metrics.of(socketClient)).sum('signals_ticks_total') === TICKS.ticks,
    );
    await system.heard();
    await untilQuiet(services.all);
    const counts = await countsOf(services.all);
    const away = 'signals_messages_dropped_total{subject="market.data",reason="disconnected"}';
    const dropped = (await Metrics.of(socketClient)).count(away);

    const index = new SpanIndex(await system.stopServices());
    expectNothingLost(counts, index);
    expectEveryMessage(system, index);
    expectTicks(index, dropped);
    const traded = expectSignals(index);
    expect(errorsOf(index.spans)).toEqual([]);
    say('signals over NATS', {
      offered: `${TICKS.ticksPerSecond} ticks/s`,
      'sent/s': rateOf(index.named('market_data_receive')),
      'on the wire': system.seen.length,
      consumed: counts.withContext,
      'ticks not sent while the server was away': dropped,
      'signals traded': traded,
      spans: index.spans.length,
    });
  } finally {
    await system.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function startSignals(system: SignalsSystem, recording: string) {
  const start = async (service: SignalsService, ...args: string[]): Promise<Measured> =>
    (await system.startService(service, args)) as unknown as Measured;
  const candles = ['--candle-ms', '50'];
  // Nothing is refused: what is counted here is contexts.
  const limits = [
    ...['--confidence-min', '0', '--position-max', '1000000'],
    ...['--orders-per-minute-max', '100000', '--signal-age-ms-max', '86400000'],
  ];
  const readers = await Promise.all([
    start('data-manager', ...candles),
    start('realtime-strategies', ...candles),
    start('ta-bot', '--analysis-ms', '500', '--analysis-ticks', '2000'),
    start('tradeengine', '--exchange-rest', system.exchange.rest, ...limits),
  ]);
  const socketClient = await start('socket-client', '--replay', recording);
  return { socketClient, all: [...readers, socketClient] };
}

/** Each message that a plain subscriber saw carries the context of the span that sent it. */
function expectEveryMessage(system: SignalsSystem, index: SpanIndex): void {
  const senders = countBy(
    system.seen,
    ({ subject, traceparent }) => `${subject}: ${index.ofTraceparent(traceparent)?.name}`,
  );
  expect(Object.keys(senders)).toEqual([
    'candles.closed: send candles.closed',
    'market.data: send market.data',
    'order.confirmed: send order.confirmed',
    'signals.trading: send signals.trading',
  ]);
}

/** Every tick has begun a trace, and was sent unless there was no server. */
function expectTicks(index: SpanIndex, dropped: number): void {
  expect(index.named('market_data_receive')).toHaveLength(TICKS.ticks);
  expect(index.named('send market.data')).toHaveLength(TICKS.ticks - dropped);
  const roots = index.named('market_data_receive').filter((span) => span.parentSpanId);
  expect(roots).toEqual([]);
}

/**
 * Every signal that reached tradeengine has one trace, from what caused it to its confirmation, and
 * became one order.
 *
 * @returns signals
 */
function expectSignals(index: SpanIndex): number {
  const bySignal = Map.groupBy(index.named('process signals.trading'), (span) =>
    String(span.attributes['signal.id']),
  );
  expect(bySignal.size).toBeGreaterThan(10);
  for (const attempts of bySignal.values()) {
    expect(new Set(attempts.map(({ traceId }) => traceId)).size).toBe(1);
    const below = attempts.flatMap((span) => index.childrenOf(span));
    const [confirmation, ...others] = below.filter(({ name }) => name === 'order_confirmation');
    expect(others).toEqual([]);
    if (!confirmation) throw new Error('a signal without confirmation');
    expect(below.filter(({ name }) => name === 'order_execution')).toHaveLength(1);
    expectPathToConfirmation(index.ancestry(confirmation));
  }
  return bySignal.size;
}

test('options: 1,200 quotes/s through a killed Kafka broker, every row once and every trace whole', async () => {
  const pipeline = await OptionsPipeline.start(QUOTES);
  try {
    await untilSo(
      'a part of the quotes',
      async () => (await pipeline.quotesSent()) > QUOTES.quotes * RESTART_AT,
    );
    const startMs = performance.now();
    await pipeline.kafka.restart('SIGKILL');
    const awayS = (performance.now() - startMs) / 1_000;
    await untilSo('all rows', async () => (await pipeline.rowsWritten()) >= QUOTES.quotes);
    await untilQuiet(pipeline.services);
    const counts = await countsOf(pipeline.services);

    const index = new SpanIndex(await pipeline.stopServices());
    expectNothingLost(counts, index);
    const rows = await pipeline.rows();
    expect(rows).toHaveLength(QUOTES.quotes);
    expect(new Set(rows.map(({ trace_id }) => trace_id)).size).toBe(QUOTES.quotes);
    expectWholeTraces(index);
    const records = await pipeline.records();
    const senders = countBy(
      records,
      ({ topic, traceparent }) => `${topic}: ${index.ofTraceparent(traceparent)?.name}`,
    );
    expect(Object.keys(senders)).toEqual([
      'options.priced: send_enriched',
      'options.quotes: send_to_kafka',
    ]);
    const failed = expectOnlyRepeatedSends(index);
    say('options over Kafka', {
      offered: `${QUOTES.quotesPerSecond} quotes/s`,
      'sent/s while there was a broker': rateOf(index.named('fetch_instrument_data'), awayS),
      records: records.length,
      consumed: counts.withContext,
      'sends that failed and were repeated': failed,
      rows: rows.length,
      spans: index.spans.length,
    });
  } finally {
    await pipeline.close();
  }
});

/** Of every quote, from the feed to its row: each span, and what it is below. */
const QUOTE_TREE = {
  enrich_context: 'fetch_instrument_data',
  send_to_kafka: 'fetch_instrument_data',
  process_message: 'send_to_kafka',
  clean_data: 'process_message',
  calculate_bsm: 'process_message',
  send_enriched: 'process_message',
  store_data: 'send_enriched',
  prepare_records: 'store_data',
  db_write: 'store_data',
};

function expectWholeTraces(index: SpanIndex): void {
  const quotes = index.named('fetch_instrument_data');
  expect(quotes).toHaveLength(QUOTES.quotes);
  for (const [name, parent] of Object.entries(QUOTE_TREE)) {
    const spans = index.named(name);
    const parents = new Set(spans.map((span) => index.parentOf(span)?.name));
    expect([name, ...parents]).toEqual([name, parent]);
    // A broker that was killed may have a message twice; then its trace has the work twice.
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(QUOTES.quotes);
  }
}

/** What the restart broke is sends, and each of them was done again below the same parent. */
function expectOnlyRepeatedSends(index: SpanIndex): number {
  const errors = index.spans.filter(({ isError }) => isError);
  const unexpected = errors.filter((span) => {
    const parent = index.parentOf(span);
    const again = parent ? index.childrenOf(parent) : [];
    const isDone = again.some(({ name, isError }) => name === span.name && !isError);
    return !['send_to_kafka', 'send_enriched'].includes(span.name) || !isDone;
  });
  expect(errorsOf(unexpected)).toEqual([]);
  return errors.length;
}

/** Each message was consumed with its context, and each span that was made has arrived. */
function expectNothingLost({ withContext, spansMade, ...lost }: Counts, index: SpanIndex): void {
  expect(lost).toEqual({
    withoutContext: 0,
    malformed: 0,
    registryMisses: 0,
    linksDropped: 0,
    spansDropped: 0,
  });
  expect(index.expectContexts()).toBe(withContext);
  // Those that a service makes as it stops are not counted any more.
  expect(index.spans.length).toBeGreaterThanOrEqual(spansMade);
}

/** How many there are of each key, in the keys' order. */
function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const groups = [...Map.groupBy(items, keyOf)];
  const counts = groups.map(([key, group]): [string, number] => [key, group.length]);
  return Object.fromEntries(counts.sort(([one], [other]) => one.localeCompare(other)));
}

/** From the first to the last, a second; without the seconds in which there could be none. */
function rateOf(spans: readonly CollectedSpan[], awayS = 0): number {
  const starts = spans.map(({ startNs }) => Number(startNs)).sort((one, other) => one - other);
  const seconds = ((starts.at(-1) ?? 0) - (starts[0] ?? 0)) / 1e9 - awayS;
  return Math.round(spans.length / seconds);
}

function say(what: string, figures: Readonly<Record<string, number | string>>): void {
  const texts = Object.entries(figures).map(([name, figure]) => `${name}: ${figure}`);
  console.info(`${what}: ${texts.join(', ')}`);
}
