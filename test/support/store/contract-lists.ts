import { randomBytes } from 'node:crypto';
import type { LifecycleDefinition } from '@throughline/model';
import type { TraceStore } from '@throughline/store';
import { expect, test } from 'vitest';
import { type OtlpSpan, otlpSpan, otlpStrings } from '../../../packages/store/src/testing/otlp.ts';

const S = 1_000_000_000n;
const EVERY = { status: undefined, cursor: undefined, sort: 'begin', limit: 5 } as const;
/** More than a list looks through before it knows whether its page is full. */
const MANY = 2_600;

/** Lists that are longer than what is looked through at once, each in a stretch of time of its own. */
export function longLists(
  order: LifecycleDefinition,
  reads: () => TraceStore,
  keepSpans: (...spans: OtlpSpan[]) => Promise<void>,
): void {
  const boundary = (name: string, startNs: bigint, attributes: Record<string, string>) =>
    otlpSpan({
      ...{ name, trace_id: randomBytes(16), attributes: otlpStrings(attributes) },
      ...{ start_time_unix_nano: `${startNs}`, end_time_unix_nano: `${startNs + 1n}` },
    });
  const beginOf = (id: string, startNs: bigint, symbol = 'BTCUSDT') => {
    const attributes = { 'user.id': 'User1', 'client.order_id': id, 'trading.symbol': symbol };
    return boundary('client_order_received', startNs, attributes);
  };
  /** Orders `0`, `1`, ... begin a millisecond after one another, ids in front of the number. */
  const keepMany = async (ids: string, startNs: bigint, more: readonly OtlpSpan[]) => {
    const many = Array.from({ length: MANY }, (_, index) =>
      beginOf(`${ids}${index}`, startNs + BigInt(index) * 1_000_000n),
    );
    await keepSpans(...many, ...more);
    return { startNs, endNs: startNs + 100n * S };
  };
  const idOf = ({ key }: { key: readonly string[] }) => key[1];

  test('what a filter hardly fits is found wherever it is, and counted', async () => {
    const startNs = 1_500_000_000n * S;
    const rare = [3n, 1_200n, 2_400n, 2_500n].map((ms) => startNs + ms * 1_000_000n + 500n);
    const range = await keepMany('many-', startNs, [
      ...rare.map((beginNs, index) => beginOf(`rare-${index}`, beginNs, 'XRPUSDT')),
      boundary('client_order_update', rare[0] ?? 0n, {
        ...{ 'user.id': 'User1', 'client.order_id': 'rare-0', 'order.status': 'canceled' },
      }),
    ]);
    const options = { ...EVERY, ...range, limit: 3, words: ['xrp'] };
    const first = await reads().listBegins(order, options);
    expect(first.total).toBe(rare.length);
    expect(first.rows.map(idOf)).toEqual(['rare-3', 'rare-2', 'rare-1']);
    const second = await reads().listBegins(order, { ...options, cursor: first.cursor });
    expect(second).toMatchObject({ total: rare.length, cursor: undefined });
    expect(second.rows.map(idOf)).toEqual(['rare-0']);
    const canceled = await reads().listBegins(order, { ...options, words: [], status: 'canceled' });
    expect(canceled.total).toBe(1);
    expect(canceled.rows.map(idOf)).toEqual(['rare-0']);
    const none = await reads().listBegins(order, { ...options, words: ['nothing'] });
    expect(none).toMatchObject({ rows: [], total: 0, cursor: undefined });
  });

  test('a key that begins again long after is listed once, by its first begin in the range', async () => {
    const startNs = 1_510_000_000n * S;
    const atMs = (ms: bigint) => startNs + ms * 1_000_000n + 500n;
    const range = await keepMany('twice-', startNs, [
      beginOf('again', atMs(1n)),
      beginOf('again', atMs(2_598n)),
      beginOf('twice-7', atMs(2_597n)),
    ]);
    const options = { ...EVERY, ...range, words: [] };
    const newest = await reads().listBegins(order, options);
    expect(newest.total).toBe(MANY + 1);
    const expected = [1, 2, 3, 4, 5].map((index) => `twice-${MANY - index}`);
    expect(newest.rows.map(idOf)).toEqual(expected);
    const oldest = { ...options, endNs: atMs(1n) + 1n };
    const { rows } = await reads().listBegins(order, oldest);
    expect(rows.map(idOf)).toEqual(['again', 'twice-1', 'twice-0']);
    const later = { ...options, startNs: atMs(1_000n) };
    const found = await reads().listBegins(order, later);
    expect(found.rows.map(idOf).slice(0, 3)).toEqual(['twice-2599', 'again', 'twice-2598']);
  });

  test('where most keys begin again, pages are of what began for the first time', async () => {
    const startNs = 1_520_000_000n * S;
    const again = Array.from({ length: 1_500 }, (_, index) =>
      beginOf(`daily-${index}`, startNs + 50n * S + BigInt(index)),
    );
    const range = await keepMany('daily-', startNs, again);
    const page = await reads().listBegins(order, { ...EVERY, ...range, words: [] });
    expect(page.total).toBe(MANY);
    expect(page.rows.map(idOf)).toEqual([1, 2, 3, 4, 5].map((index) => `daily-${MANY - index}`));
  });
}
