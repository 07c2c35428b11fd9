/**
 * A span to come: what it waits for and what it does. Times follow from it, so that a delay can be planted
 * and the whole run again.
 */
export interface Plan {
  readonly id: number;
  /** When it starts: at a time, inside its parent's steps, or some time after all its causes ended. */
  readonly start: { readonly at: number } | { readonly after: number } | 'inside';
  readonly causes: readonly PlannedCause[];
  readonly steps: Step[];
}

export interface PlannedCause {
  /** The edge from this plan to the effect, as delays name it. */
  readonly edge: string;
  readonly from: Plan;
  /** What has to end, besides `from`, before the cause has arrived. */
  readonly alsoAfter: readonly Plan[];
}

/**
 * Own work, or children that start together: `fork` goes on when all have ended, `spawn` at once (its
 * children outlast their parent).
 */
export type Step =
  | { readonly work: number }
  | { readonly fork: readonly Plan[] }
  | { readonly spawn: readonly Plan[] };

export interface Times {
  readonly from: number;
  readonly to: number;
}

/** Runs the plans as soon as possible, the effects of the edges in `delays` by as much later. */
export function simulate(
  plans: readonly Plan[],
  delays: ReadonlyMap<string, number>,
): ReadonlyMap<Plan, Times> {
  const times = new Map<Plan, Times>();
  const delayOf = (plan: Plan) =>
    Math.max(0, ...plan.causes.map(({ edge }) => delays.get(edge) ?? 0));

  const run = (plan: Plan, from: number): number => {
    let cursor = from;
    for (const step of plan.steps) {
      if ('work' in step) cursor += step.work;
      const children = 'fork' in step ? step.fork : 'spawn' in step ? step.spawn : [];
      const ends = children.map((child) => run(child, cursor + delayOf(child)));
      if ('fork' in step) cursor = Math.max(cursor, ...ends);
    }
    times.set(plan, { from, to: cursor });
    return cursor;
  };

  const startOf = (plan: Plan): number => {
    if (plan.start === 'inside')
      throw new Error('a plan comes before the one that it is inside of');
    if ('at' in plan.start) return plan.start.at;
    const arrivals = plan.causes.map(({ edge, from, alsoAfter }) => {
      const ends = [from, ...alsoAfter].map((cause) => times.get(cause)?.to ?? 0);
      return Math.max(...ends) + (delays.get(edge) ?? 0);
    });
    return Math.max(...arrivals) + plan.start.after;
  };

  for (const plan of plans) if (!times.has(plan)) run(plan, startOf(plan));
  return times;
}
