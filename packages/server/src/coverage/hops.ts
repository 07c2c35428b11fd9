import type { CoverageResponse, Hop } from '@throughline/model';
import type { HopRow } from '@throughline/store';

type Counts = CoverageResponse['total'];

/**
 * The hops that the store's rows make, the worst first. A message without usable context does not say who
 * sent it: where only one service is known to send to its destination, it is that one's.
 */
export function hopsOf(rows: readonly HopRow[]): Hop[] {
  const producers = producersOf(rows);
  const hops = new Map<string, HopRow>();
  for (const row of rows) {
    const known = producers.get(placeOf(row)) ?? [];
    const producer = row.producer ?? (known.length === 1 ? known[0] : undefined);
    const identity = JSON.stringify([producer, placeOf(row)]);
    const hop = hops.get(identity);
    hops.set(identity, { ...(hop ? added(hop, row) : row), producer });
  }
  return [...hops.values()].map(toHop).sort(compareHops);
}

/** All of them together. */
export function totalOf(hops: readonly Hop[]): Counts {
  const sum = (of: (hop: Hop) => number) => hops.reduce((total, hop) => total + of(hop), 0);
  const [consumed, usable] = [sum((hop) => hop.consumed), sum((hop) => hop.usable)];
  return {
    consumed,
    usable,
    missing: sum((hop) => hop.missing),
    malformed: sum((hop) => hop.malformed),
    missed: sum((hop) => hop.missed),
    orphaned: sum((hop) => hop.orphaned),
    linksDropped: sum((hop) => hop.linksDropped),
    coverage: share(usable, consumed),
  };
}

/** Where a message was taken from, and by whom. */
function placeOf({ system, destination, consumer }: HopRow): string {
  return JSON.stringify([system, destination, consumer]);
}

function producersOf(rows: readonly HopRow[]): ReadonlyMap<string, readonly string[]> {
  const producers = new Map<string, string[]>();
  for (const row of rows) {
    if (row.producer === undefined) continue;
    const known = producers.get(placeOf(row)) ?? [];
    producers.set(placeOf(row), [...known, row.producer]);
  }
  return producers;
}

/** The example is of a message that was lost, if any was. */
function added(one: HopRow, other: HopRow): HopRow {
  return {
    ...one,
    consumed: one.consumed + other.consumed,
    missing: one.missing + other.missing,
    malformed: one.malformed + other.malformed,
    missed: one.missed + other.missed,
    orphaned: one.orphaned + other.orphaned,
    linksDropped: one.linksDropped + other.linksDropped,
    exampleTraceId: lostOf(one) > 0 ? one.exampleTraceId : other.exampleTraceId,
  };
}

function lostOf({ missing, malformed, missed, orphaned }: HopRow): number {
  return missing + malformed + missed + orphaned;
}

function toHop({ producer, system, ...row }: HopRow): Hop {
  const usable = row.consumed - lostOf({ producer, system, ...row });
  const hop = { ...row, transport: system, usable, coverage: share(usable, row.consumed) };
  return producer === undefined ? hop : { producer, ...hop };
}

function share(usable: number, consumed: number): number {
  return consumed === 0 ? 1 : usable / consumed;
}

function compareHops(left: Hop, right: Hop): number {
  return left.coverage - right.coverage || right.consumed - left.consumed;
}
