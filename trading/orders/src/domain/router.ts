/** A venue as the router sees it. Plain data: it crosses threads. */
export interface Venue {
  readonly name: string;
  /** Its part of the lots, relative to the weights of the others; at least 1. */
  readonly weight: bigint;
  /** What it trades. */
  readonly symbols: ReadonlySet<string>;
}

/** Lots that go to one venue. */
export interface VenueShare {
  readonly venue: string;
  readonly lots: bigint;
}

interface RouteOptions {
  /** The fewest lots that a venue accepts as one order. */
  readonly lotsMin: bigint;
  /** All to one venue: the order is all or nothing, or its worth is not known. */
  readonly isWhole: boolean;
}

/**
 * The venues that an order may go to now: those that trade its symbol and are up. When none is up,
 * those that trade it: what is sent there waits for the connection, and is rejected without one.
 */
export function openVenues(
  venues: readonly Venue[],
  symbol: string,
  downNames: ReadonlySet<string>,
): Venue[] {
  const trading = venues.filter(({ symbols }) => symbols.has(symbol));
  const up = trading.filter(({ name }) => !downNames.has(name));
  return up.length > 0 ? up : trading;
}

/**
 * Splits lots over venues in proportion to their weights; lots left over go one by one to the
 * largest remainders, ties by the order of the venues. A share that its venue would not accept goes
 * to the others: the smallest first, of equals the last.
 *
 * @param venues at least one
 * @returns at least one share; all are positive, and they sum to the lots
 */
export function route(
  lots: bigint,
  venues: readonly Venue[],
  { lotsMin, isWhole }: RouteOptions,
): VenueShare[] {
  let left = isWhole ? [heaviest(venues)] : [...venues];
  for (;;) {
    const shares = byWeight(lots, left);
    const smallest = shares.reduce((least, share) => (share.lots <= least.lots ? share : least));
    if (smallest.lots >= lotsMin || shares.length === 1) {
      return shares.map(({ venue, lots: share }) => ({ venue: venue.name, lots: share }));
    }
    left = left.filter((venue) => venue !== smallest.venue);
  }
}

interface WeighedShare {
  readonly venue: Venue;
  readonly lots: bigint;
}

function byWeight(lots: bigint, venues: readonly Venue[]): WeighedShare[] {
  const total = venues.reduce((sum, { weight }) => sum + weight, 0n);
  const shares = venues.map((venue, index) => {
    const weighted = lots * venue.weight;
    return { venue, index, lots: weighted / total, remainder: weighted % total };
  });
  const leftover = shares.reduce((left, share) => left - share.lots, lots);
  const raised = new Set(
    shares
      .toSorted((a, b) => compare(b.remainder, a.remainder))
      .slice(0, Number(leftover))
      .map(({ index }) => index),
  );
  return shares.map(({ venue, index, lots: share }) => ({
    venue,
    lots: raised.has(index) ? share + 1n : share,
  }));
}

function heaviest(venues: readonly Venue[]): Venue {
  return venues.reduce((best, venue) => (venue.weight > best.weight ? venue : best));
}

/** For a sort that keeps equals in their order. */
function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
