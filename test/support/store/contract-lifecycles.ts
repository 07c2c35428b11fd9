import { randomBytes } from 'node:crypto';
import type { LifecycleDefinition } from '@throughline/model';
import type { TraceStore } from '@throughline/store';
import { expect, test } from 'vitest';
import { BOT_ORDER, OPTION_QUOTE } from '../../../packages/server/src/lifecycle/definitions.ts';
import {
  hex,
  type OtlpSpan,
  otlpSpan,
  otlpStrings,
} from '../../../packages/store/src/testing/otlp.ts';

/** The server's own, with which the stores of the suite are opened, besides that of the orders. */
export const OTHER_LIFECYCLES: readonly LifecycleDefinition[] = [OPTION_QUOTE, BOT_ORDER];

const S = 1_000_000_000n;
const ERROR_CODE = 2;
const EVERY = { words: [], status: undefined, cursor: undefined };
/** Tests share a store: each has a stretch of time of its own. */
const BETWEEN_TESTS_NS = 1_000n * S;
let epochNs = 1_600_000_000n * S;

function nextRange() {
  epochNs += BETWEEN_TESTS_NS;
  return { startNs: epochNs, endNs: epochNs + BETWEEN_TESTS_NS };
}

interface Sketch {
  readonly trace_id: Uint8Array;
  readonly name: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly failed?: boolean;
}

function spanOf({ trace_id, name, fromNs, toNs, attributes = {}, failed }: Sketch): OtlpSpan {
  return otlpSpan({
    ...{ trace_id, name, attributes: otlpStrings(attributes) },
    ...{ start_time_unix_nano: `${fromNs}`, end_time_unix_nano: `${toNs}` },
    ...(failed && { status: { code: ERROR_CODE, message: 'refused' } }),
  });
}

interface Quote {
  readonly traceId: string;
  readonly spans: OtlpSpan[];
}

/** Begins at second `index`; its writes end after these times, a negative one with an error. */
function quote(startNs: bigint, index: number, writesNs: readonly bigint[]): Quote {
  const trace_id = randomBytes(16);
  const fromNs = startNs + BigInt(index) * S;
  const symbol = index % 2 ? 'SPY' : 'QQQ';
  const begin = { trace_id, name: 'fetch_instrument_data', fromNs, toNs: fromNs + 1n };
  const writes = writesNs.map((afterNs) => ({
    ...{ trace_id, name: 'db_write', attributes: { symbol }, failed: afterNs < 0n },
    ...{ fromNs: fromNs + 5n, toNs: fromNs + (afterNs < 0n ? -afterNs : afterNs) },
  }));
  const attributes = { 'trading.symbol': symbol, symbol };
  return { traceId: hex(trace_id), spans: [{ ...begin, attributes }, ...writes].map(spanOf) };
}

/** Lifecycles whose key is their trace, and those whose begin spans are known by a prefix. */
export function otherLifecycles(
  reads: () => TraceStore,
  keepSpans: (...spans: OtlpSpan[]) => Promise<void>,
): void {
  const keepQuotes = async (startNs: bigint, writes: readonly (readonly bigint[])[]) => {
    const quotes = writes.map((writesNs, index) => quote(startNs, index, writesNs));
    await keepSpans(...quotes.flatMap(({ spans }) => spans));
    return quotes.map(({ traceId }) => traceId);
  };

  test('where the trace is the key, lists are of what ended, by its first end that did not fail', async () => {
    const range = nextRange();
    const [, written, , retried] = await keepQuotes(range.startNs, [
      ...[[-100n], [100n, 200n], [], [-50n, 300n]],
    ]);
    const options = { ...EVERY, ...range, limit: 9 };
    const page = await reads().listBegins(OPTION_QUOTE, { ...options, sort: 'begin' });
    expect(page).toMatchObject({ total: 2, cursor: undefined });
    expect(page.rows.map(({ key, beginNs }) => [key, beginNs])).toEqual([
      [[retried], range.startNs + 3n * S],
      [[written], range.startNs + S],
    ]);
    const ends = page.rows.map(({ end }) => [end?.status, end?.endNs]);
    expect(ends).toEqual([
      ['completed', range.startNs + 3n * S + 300n],
      ['completed', range.startNs + S + 100n],
    ]);
    const words = ['spy', 'complete', written?.slice(0, 12) ?? ''];
    const found = await reads().listBegins(OPTION_QUOTE, { ...options, words, sort: 'begin' });
    expect(found.rows.map(({ key }) => key)).toEqual([[written]]);
    const failed = { ...options, status: 'failed', sort: 'begin' } as const;
    expect((await reads().listBegins(OPTION_QUOTE, failed)).rows).toEqual([]);
  });

  test('where the trace is the key, those that are open are listed when they are asked for', async () => {
    const range = nextRange();
    const [failed, , open] = await keepQuotes(range.startNs, [[-100n], [100n], []]);
    const options = { ...EVERY, ...range, status: 'open', limit: 9 };
    const keysOf = async (words: string[], sort: 'begin' | 'duration') => {
      const page = await reads().listBegins(OPTION_QUOTE, { ...options, words, sort });
      expect(page.total).toBe(page.rows.length);
      expect(page.rows.map(({ end }) => end)).toEqual(page.rows.map(() => undefined));
      return page.rows.map(({ key }) => key[0]);
    };
    expect(await keysOf([], 'begin')).toEqual([open, failed]);
    expect(await keysOf([], 'duration')).toEqual([failed, open]);
    expect(await keysOf(['qqq', 'open'], 'begin')).toEqual([open, failed]);
    expect(await keysOf(['spy'], 'begin')).toEqual([]);
  });

  test('where the trace is the key, pages join to the whole list, in each order', async () => {
    const range = nextRange();
    const writes = Array.from({ length: 17 }, (_, index) => [BigInt(100 + ((index * 7) % 17))]);
    await keepQuotes(range.startNs, writes);
    for (const sort of ['begin', 'duration'] as const) {
      const options = { ...EVERY, ...range, sort };
      const whole = await reads().listBegins(OPTION_QUOTE, { ...options, limit: 100 });
      expect(whole).toMatchObject({ total: writes.length, cursor: undefined });
      const rows = [];
      let cursor: string | undefined;
      do {
        const page = await reads().listBegins(OPTION_QUOTE, { ...options, limit: 5, cursor });
        expect(page.total).toBe(writes.length);
        rows.push(...page.rows);
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(rows).toEqual(whole.rows);
      const durations = whole.rows.map(({ beginNs, end }) => (end?.endNs ?? 0n) - beginNs);
      if (sort === 'duration') {
        const longestFirst = durations.toSorted((left, right) => Number(right - left));
        expect(durations).toEqual(longestFirst);
      }
    }
  });

  test('where the trace is the key, a begin is found by it, and nothing else is a key', async () => {
    const { startNs } = nextRange();
    const [traceId = ''] = await keepQuotes(startNs, [[100n]]);
    const begins = await reads().findBegins(OPTION_QUOTE, [traceId]);
    expect(begins).toMatchObject([{ key: [traceId], beginNs: startNs }]);
    expect(await reads().findBegins(OPTION_QUOTE, ['a'.repeat(32)])).toEqual([]);
    expect(await reads().findBegins(OPTION_QUOTE, ["spy'"])).toEqual([]);
    expect(await reads().beginsOfTraces(OPTION_QUOTE, [traceId])).toEqual(begins);
  });

  test('begin spans may be known by what their names begin with, where they carry the key', async () => {
    const range = nextRange();
    const { startNs: fromNs } = range;
    const signal = (name: string, order?: string) => ({
      ...{
        trace_id: randomBytes(16),
        name: `signal_generation.${name}`,
        fromNs,
        toNs: fromNs + 1n,
      },
      attributes:
        order === undefined ? {} : { 'order.order_id': order, 'trading.symbol': 'BTCUSDT' },
    });
    const traded = signal('rsi', 'bot-1');
    const confirmed = {
      ...{ trace_id: traded.trace_id, name: 'order_confirmation', fromNs: fromNs + 5n },
      ...{ toNs: fromNs + 9n, attributes: { 'order.order_id': 'bot-1', 'order.status': 'filled' } },
    };
    const spans = [traded, confirmed, signal('macd', 'bot-2'), signal('rsi'), signal('')];
    await keepSpans(...spans.map(spanOf));
    const options = { ...EVERY, ...range, sort: 'duration', limit: 9 } as const;
    const { rows, total } = await reads().listBegins(BOT_ORDER, options);
    expect(total).toBe(2);
    const found = rows.map(({ key, end }) => [key[0], end?.status]);
    expect(found).toEqual([
      ['bot-2', undefined],
      ['bot-1', 'filled'],
    ]);
    const [begin] = await reads().findBegins(BOT_ORDER, ['bot-1']);
    expect(begin).toMatchObject({ key: ['bot-1'], beginNs: fromNs });
    const traceIds = [...new Set(spans.map(({ trace_id }) => hex(trace_id)))];
    const begins = await reads().beginsOfTraces(BOT_ORDER, traceIds);
    expect(begins.map(({ key }) => key[0]).sort()).toEqual(['bot-1', 'bot-2']);
  });
}
