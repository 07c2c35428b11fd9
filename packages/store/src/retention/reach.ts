import { ATTR, type LifecycleDefinition } from '@throughline/model';
import type { Database } from '../database.ts';
import { beginParameters } from '../indexed.ts';
import { query } from '../sql.ts';
import { inParts, PATIENT } from './statements.ts';

const TRACES_LINKING_TO = query('traces-linking-to');
const CAUSES_OF_TRACES = query('causes-of-traces');

/** Hops from trace to trace, forward along links, and as many back: as far as lifecycles are read. */
const HOPS_MAX = 16;
const TRACES_MAX = 200_000;

/** The traces of which lifecycles are made. */
export interface Reach {
  /** Their begins' and those that follow from them. */
  readonly own: ReadonlySet<string>;
  /** Met only on the way back from these: what else went into their batches, and lost links. */
  readonly causes: ReadonlySet<string>;
  /** False when there were too many to find all. */
  readonly isWhole: boolean;
}

/**
 * Follows links as the reader of lifecycles does: forward from the roots; then, from all that was found,
 * back.
 *
 * @param roots traces that are the lifecycles' own
 */
export async function reachOf(
  database: Pick<Database, 'rows'>,
  definition: LifecycleDefinition,
  roots: readonly string[],
): Promise<Reach> {
  const walk = new Walk(roots);
  const effects = await walk.spread(roots, (trace_ids, rows_max) =>
    database.rows(TRACES_LINKING_TO, { trace_ids, rows_max }, PATIENT),
  );
  const own = new Set([...roots, ...effects]);
  const back = { ...beginParameters(definition), link_type_key: ATTR.linkType };
  const causes = await walk.spread(own, (trace_ids, rows_max, hop) => {
    const fan_in = hop === 0 ? 1 : 0;
    return database.rows(CAUSES_OF_TRACES, { ...back, trace_ids, rows_max, fan_in }, PATIENT);
  });
  return { own, causes, isWhole: walk.isWhole };
}

type Ask = (traceIds: string[], rowsMax: number, hop: number) => Promise<{ trace_id: string }[]>;

class Walk {
  isWhole = true;
  readonly #met: Set<string>;

  constructor(roots: readonly string[]) {
    this.#met = new Set(roots);
  }

  /** Asks for the neighbours of these, then for those of the new ones among them, and so on. */
  async spread(from: Iterable<string>, ask: Ask): Promise<Set<string>> {
    const found = new Set<string>();
    let frontier = from;
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const next = new Set<string>();
      for (const part of inParts(frontier)) {
        for (const traceId of await this.#neighbours(part, ask, hop)) next.add(traceId);
      }
      if (next.size === 0) return found;
      for (const traceId of next) found.add(traceId);
      frontier = next;
    }
    this.isWhole = false;
    return found;
  }

  /** Those that were not met before. */
  async #neighbours(traceIds: string[], ask: Ask, hop: number): Promise<string[]> {
    const left = TRACES_MAX - this.#met.size;
    const rows = left > 0 ? await ask(traceIds, left, hop) : [];
    if (rows.length >= left) this.isWhole = false;
    const fresh = rows.map(({ trace_id }) => trace_id).filter((id) => !this.#met.has(id));
    for (const traceId of fresh) this.#met.add(traceId);
    return fresh;
  }
}
