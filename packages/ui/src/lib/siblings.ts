import type { Lifecycle, SpanRef } from '@throughline/model';
import { compareNs } from './nanoseconds.ts';

/** Another order that shares a batch or a match with this one, once however much they share. */
export interface SiblingRow {
  readonly key: string;
  /** When it joined the batch, from this order's begin; negative when it was there before. */
  readonly arrivalNs: bigint | undefined;
  /** The batch and the matches that include both. */
  readonly shared: readonly SpanRef[];
}

/** Siblings one row an order, earliest arrival first; those without one last, by key. */
export function siblingRows(lifecycle: Pick<Lifecycle, 'siblings' | 'begin'>): SiblingRow[] {
  const rows = new Map<string, { arrivalNs: bigint | undefined; shared: SpanRef[] }>();
  for (const { key, via, arrivalNs } of lifecycle.siblings) {
    const row = rows.get(key) ?? { arrivalNs: undefined, shared: [] };
    rows.set(key, row);
    if (!row.shared.includes(via)) row.shared.push(via);
    if (arrivalNs === undefined) continue;
    const offset = arrivalNs - lifecycle.begin;
    if (row.arrivalNs === undefined || offset < row.arrivalNs) row.arrivalNs = offset;
  }
  return [...rows]
    .map(([key, row]) => ({ key, ...row }))
    .sort((left, right) => {
      if (left.arrivalNs === right.arrivalNs) return left.key < right.key ? -1 : 1;
      if (left.arrivalNs === undefined) return 1;
      if (right.arrivalNs === undefined) return -1;
      return compareNs(left.arrivalNs, right.arrivalNs);
    });
}

/** When this order itself joined its batch, from its begin: where its wait for the batch starts. */
export function ownArrival(lifecycle: Pick<Lifecycle, 'segments' | 'begin'>): bigint | undefined {
  const waits = lifecycle.segments.filter(
    ({ kind }) => kind === 'batch_peer' || kind === 'batch_linger',
  );
  return waits[0] && waits[0].fromNs - lifecycle.begin;
}
