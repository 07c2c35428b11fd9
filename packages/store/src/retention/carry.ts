import { createHash } from 'node:crypto';
import { isKeyedByTrace, type LifecycleDefinition } from '@throughline/model';
import type { Database, Layout, QueryParameters } from '../database.ts';
import { idKeyOf } from '../indexed.ts';
import { query } from '../sql.ts';
import { boundaryParameters, type Crossing, findCrossing, lifecycleIdKeys } from './crossing.ts';
import type { BucketTable } from './limits.ts';
import type { Due } from './plan.ts';
import { type Reach, reachOf } from './reach.ts';
import { inParts, onLocalTables, PATIENT } from './statements.ts';

const TRACES_OF_IDS = query('traces-of-ids');
const COUNT_SPANS = query('count-spans-of-bucket');
const CARRY: Readonly<Record<BucketTable, string>> = {
  origins: query('carry-origins'),
  spans: query('carry-spans'),
  trace_links: query('carry-trace_links'),
  correlation: query('carry-correlation'),
  lifecycle_spans: query('carry-lifecycle_spans'),
};

/** Lifecycles whose traces are looked for together, and the length of their ids, which travel in a URL. */
const LIFECYCLES_AT_ONCE_MAX = 2_000;
const ID_CHARS_AT_ONCE_MAX = 200_000;
/** A lifecycle with a longer id is found by its begin's trace only. */
const ID_CHARS_MAX = 1_024;
const TRACES_OF_IDS_MAX = 100_000;
/** Of one bucket; the lifecycles that follow are given up. */
const TRACES_CARRIED_MAX = 1_000_000;

export interface CarryOptions {
  database: Pick<Database, 'rows' | 'command'>;
  layout: Layout;
  definitions: readonly LifecycleDefinition[];
  /** Runs work while no segment is loaded. */
  exclusive: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** What has to go on living, of a bucket that is to be dropped. */
export interface CarryQuestion {
  readonly due: Due;
  readonly currentS: number;
  /** A lifecycle that is open since an earlier bucket than this is given up. */
  readonly openSinceS: number;
  /** Spans that may be carried; lifecycles that were received last go first. */
  readonly spansMax: number;
}

export interface Carried {
  /** Lifecycles that would have been cut in two. */
  lifecycles: number;
  spans: number;
  /** Lifecycles that are cut in two, for they are open too long or too many. */
  givenUp: number;
}

/**
 * Copies out of a bucket what belongs to lifecycles that go on in later ones: into the bucket where such
 * a lifecycle ended, or, while it is open, into the current one. Doing it again, as after a crash, copies
 * nothing twice, or a row that readers return once.
 */
export async function carryCrossing(
  options: CarryOptions,
  question: CarryQuestion,
): Promise<Carried> {
  const carrying = new Carrying(options, question);
  for (const definition of options.definitions) {
    // One that is a single trace, and over in a moment, seldom crosses anything.
    if (!isKeyedByTrace(definition)) await carrying.carry(definition);
  }
  return carrying.carried;
}

class Carrying {
  readonly carried: Carried = { lifecycles: 0, spans: 0, givenUp: 0 };
  readonly #options: CarryOptions;
  readonly #question: CarryQuestion;
  readonly #tables: ReadonlySet<BucketTable>;
  /** Traces whose spans, and whose rows in the other tables, are copied. */
  readonly #spansOf = new Set<string>();
  readonly #restOf = new Set<string>();
  /** Whether one did not fit: nobody is looked for that might fit still. */
  #isFull = false;

  constructor(options: CarryOptions, question: CarryQuestion) {
    this.#options = options;
    this.#question = question;
    this.#tables = new Set(question.due.partitions.map(({ table }) => table));
  }

  async carry(definition: LifecycleDefinition): Promise<void> {
    const { due, currentS, openSinceS } = this.#question;
    const boundaries = due.partitions.find(({ table }) => table === 'lifecycle_spans');
    const { crossing, overflow } = await findCrossing(this.#options.database, {
      definition,
      bucketS: due.bucketS,
      untilS: due.untilS,
      currentS,
      rows: boundaries?.rows ?? 0,
    });
    this.carried.givenUp += overflow;
    const [living, tooOld] = partition(
      crossing,
      ({ isOpen, firstBucketS }) => !isOpen || firstBucketS >= openSinceS,
    );
    this.carried.givenUp += tooOld.filter(({ beginsHere }) => beginsHere).length;
    // What several need goes where it is needed longest.
    const byTarget = [...Map.groupBy(living, ({ targetS }) => targetS)].sort(([a], [b]) => b - a);
    for (const [targetS, some] of byTarget) {
      for (const few of groupsOf(some)) await this.#carryTogether(definition, targetS, few);
    }
  }

  /** All of them, or fewer at a time when that is too much, or those that still fit. */
  async #carryTogether(
    definition: LifecycleDefinition,
    targetS: number,
    crossing: readonly Crossing[],
  ): Promise<void> {
    const reach = await this.#reachOf(definition, crossing);
    const traces = [...reach.own, ...reach.causes].filter((trace) => !this.#spansOf.has(trace));
    const spans = await this.#countSpans(traces);
    const fits =
      this.carried.spans + spans <= this.#question.spansMax &&
      this.#spansOf.size + traces.length <= TRACES_CARRIED_MAX;
    if (crossing.length > 1 && !(fits && reach.isWhole) && !this.#isFull) {
      const middle = Math.ceil(crossing.length / 2);
      await this.#carryTogether(definition, targetS, crossing.slice(0, middle));
      await this.#carryTogether(definition, targetS, crossing.slice(middle));
      return;
    }
    if (!fits) {
      this.carried.givenUp += crossing.length;
      this.#isFull = true;
      return;
    }
    await this.#copySpans(targetS, traces);
    await this.#copyRest(definition, targetS, crossing, reach);
    this.carried.spans += spans;
    this.carried.lifecycles += crossing.length;
  }

  async #reachOf(definition: LifecycleDefinition, crossing: readonly Crossing[]): Promise<Reach> {
    const { database } = this.#options;
    const rows = await database.rows<{ trace_id: string }>(
      TRACES_OF_IDS,
      { id_key: idKeyOf(definition), ids: shortIds(crossing), rows_max: TRACES_OF_IDS_MAX },
      PATIENT,
    );
    const roots = new Set(crossing.flatMap(({ beginTraces }) => beginTraces));
    for (const { trace_id } of rows) roots.add(trace_id);
    return reachOf(database, definition, [...roots]);
  }

  async #countSpans(traces: readonly string[]): Promise<number> {
    let count = 0;
    for (const trace_ids of inParts(traces)) {
      const [row] = await this.#options.database.rows<{ spans: string }>(
        COUNT_SPANS,
        { bucket: this.#question.due.bucketS, trace_ids },
        PATIENT,
      );
      count += Number(row?.spans ?? 0);
    }
    return count;
  }

  async #copySpans(targetS: number, traces: readonly string[]): Promise<void> {
    for (const trace_ids of inParts(traces)) {
      // Origins first, as in a load, and while the spans that name them are there.
      await this.#copy('origins', targetS, { trace_ids });
      await this.#copy('spans', targetS, { trace_ids });
    }
    for (const trace of traces) this.#spansOf.add(trace);
  }

  async #copyRest(
    definition: LifecycleDefinition,
    targetS: number,
    crossing: readonly Crossing[],
    { own }: Reach,
  ): Promise<void> {
    const key_hashes = crossing.map(({ keyHash }) => keyHash).sort();
    await this.#copy('lifecycle_spans', targetS, { ...boundaryParameters(definition), key_hashes });
    const ids = {
      id_keys: lifecycleIdKeys(this.#options.definitions),
      id_key: idKeyOf(definition),
    };
    await this.#copy('correlation', targetS, { ...ids, ids: shortIds(crossing), trace_ids: [] });
    for (const trace_ids of inParts([...own].filter((trace) => !this.#restOf.has(trace)))) {
      await this.#copy('trace_links', targetS, { trace_ids });
      await this.#copy('correlation', targetS, { ...ids, ids: [], trace_ids });
      for (const trace of trace_ids) this.#restOf.add(trace);
    }
  }

  /**
   * Boundary spans are carried whether their table is due or not: by them a later pruning knows that
   * the lifecycle is older than the bucket it lies in.
   */
  async #copy(table: BucketTable, targetS: number, which: QueryParameters): Promise<void> {
    if (!this.#tables.has(table) && table !== 'lifecycle_spans') return;
    const { database, layout, exclusive } = this.#options;
    const { bucketS } = this.#question.due;
    const token = tokenOf(table, bucketS, targetS, which);
    await exclusive(() =>
      database.command(
        onLocalTables(CARRY[table], layout),
        { ...which, bucket: bucketS, target: targetS },
        { insert_deduplication_token: token, max_threads: 1, max_insert_threads: 1 },
      ),
    );
  }
}

function* groupsOf(crossing: readonly Crossing[]): Generator<Crossing[]> {
  let group: Crossing[] = [];
  let chars = 0;
  for (const one of crossing) {
    const more = Math.min(one.id.length, ID_CHARS_MAX);
    if (group.length === LIFECYCLES_AT_ONCE_MAX || chars + more > ID_CHARS_AT_ONCE_MAX) {
      yield group;
      group = [];
      chars = 0;
    }
    group.push(one);
    chars += more;
  }
  if (group.length > 0) yield group;
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  const { yes = [], no = [] } = Object.groupBy(items, (item) => (test(item) ? 'yes' : 'no'));
  return [yes, no];
}

function shortIds(crossing: readonly Crossing[]): string[] {
  return crossing
    .map(({ id }) => id)
    .filter((id) => id.length <= ID_CHARS_MAX)
    .sort();
}

/** The same for the same rows, so that a copy that is made again is recognised. */
function tokenOf(
  table: BucketTable,
  bucketS: number,
  targetS: number,
  which: QueryParameters,
): string {
  const hash = createHash('sha256').update(JSON.stringify(which)).digest('hex').slice(0, 32);
  return `carry-${table}-${bucketS}-${targetS}-${hash}`;
}
