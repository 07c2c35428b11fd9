import type { ClockSkew } from '@throughline/model';
import { later } from './instant.ts';
import { SkewBounds } from './skew-bounds.ts';
import type { Readings } from './skew-readings.ts';

/** Messages that cannot all be true: a clock drifts, was set, or is broken. */
export interface Contradiction {
  readonly from: string;
  readonly to: string;
  /** By how much the messages from one to the other are too early, whatever the offset. */
  readonly byNs: bigint;
}

/** What is known of the clocks of hosts, whichever of them counts as right. */
export interface ClockBounds {
  /** Named as in the readings, the busiest first; a clock's number is its host's place here. */
  readonly hosts: readonly string[];
  readonly bounds: SkewBounds;
  readonly contradictions: readonly Contradiction[];
  /** Of each host: how many it exchanged with others. */
  readonly messages: ReadonlyMap<string, number>;
}

/** The clocks that are not right, relative to that of the reference. */
export interface SkewEstimate {
  readonly skews: readonly ClockSkew[];
  readonly contradictions: readonly Contradiction[];
}

/** More hosts around one order is another kind of system; those with the most messages count then. */
const HOSTS_MAX = 32;

/**
 * The bounds that the readings set. Undefined when no message seems to come before it was sent: all clocks
 * count as right then, however long a message took, for delay and offset look the same.
 */
export function boundsOf({ readings, messages }: Readings): ClockBounds | undefined {
  const [first] = readings;
  if (first === undefined || first.leastNs >= 0n) return undefined;
  const ranked = [...messages].sort(
    ([left, many], [right, more]) => more - many || (left < right ? -1 : 1),
  );
  const hosts = ranked.slice(0, HOSTS_MAX).map(([host]) => host);
  const clocks = new Map(hosts.map((host, clock) => [host, clock]));
  const bounds = new SkewBounds(hosts.length);
  const contradictions: Contradiction[] = [];
  // The least come first, so that of readings which contradict each other the broken one counts.
  for (const { from, to, leastNs } of readings) {
    const [one, other] = [clocks.get(from), clocks.get(to)];
    if (one === undefined || other === undefined) continue;
    if (bounds.tighten(one, other, leastNs)) continue;
    contradictions.push({ from, to, byNs: (bounds.least(one, other) ?? 0n) - leastNs });
  }
  return { hosts, bounds, contradictions, messages };
}

/**
 * Estimates by how much clocks are off, from messages that seem to come before they were sent.
 *
 * A delay is at least zero, so a message from A to B says that B is ahead of A by at most the time that it
 * took by their clocks; all messages together, over other hosts too, leave an interval for each host
 * ({@link SkewBounds}). A clock whose interval holds zero counts as right. Of the others is taken the middle,
 * as NTP does (RFC 5905: there and back take the same time), with what it can be off by; where messages went
 * one way only, the least offset that puts the effects after their causes.
 *
 * @param reference the host whose clock counts as right; the busiest when no message names it
 */
export function estimateSkew(known: ClockBounds, reference: string): SkewEstimate {
  const { hosts, bounds, contradictions, messages } = known;
  const right = Math.max(hosts.indexOf(reference), 0);
  const chosen = choose(known, right);
  const skews = hosts.flatMap((host, clock): ClockSkew[] => {
    const offsetNs = chosen.most(right, clock) ?? 0n;
    if (offsetNs === 0n) return [];
    const [least, most] = [bounds.least(right, clock), bounds.most(right, clock)];
    const skew = { host, offsetNs, messages: messages.get(host) ?? 0 };
    if (least === undefined || most === undefined) return [skew];
    return [{ ...skew, uncertaintyNs: later(offsetNs - least, most - offsetNs) }];
  });
  return { skews, contradictions };
}

/**
 * An offset for each clock, all of which can be true together: what is fixed for one narrows the others.
 * First come the clocks of which most is known.
 */
function choose({ hosts, bounds }: ClockBounds, right: number): SkewBounds {
  const chosen = bounds.copy();
  const sides = (clock: number) =>
    Number(bounds.least(right, clock) !== undefined) +
    Number(bounds.most(right, clock) !== undefined);
  const clocks = [...hosts.keys()].filter((clock) => clock !== right);
  clocks.sort((left, next) => sides(next) - sides(left) || left - next);
  for (const clock of clocks.filter((one) => !chosen.fix(right, one, 0n))) {
    const [least, most] = [chosen.least(right, clock), chosen.most(right, clock)];
    const isBetween = least !== undefined && most !== undefined && sides(clock) === 2;
    chosen.fix(right, clock, isBetween ? (least + most) / 2n : nearestToZero(least, most));
  }
  return chosen;
}

function nearestToZero(least: bigint | undefined, most: bigint | undefined): bigint {
  if (least !== undefined && least > 0n) return least;
  return most !== undefined && most < 0n ? most : 0n;
}
