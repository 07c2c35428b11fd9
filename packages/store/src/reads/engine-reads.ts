import { isKeyedByTrace, type LifecycleDefinition, spanRef } from '@throughline/model';
import type { Database, QueryParameters } from '../database.ts';
import { beginParameters, idKeyOf } from '../indexed.ts';
import { query } from '../sql.ts';
import type {
  BeginPage,
  BeginSpan,
  CoverageOptions,
  HopPage,
  LinkPage,
  ListOptions,
  SpanPage,
  TracePage,
  TraceStore,
} from '../trace-store.ts';
import { readCoverage } from './coverage.ts';
import { listByKey } from './key-lists.ts';
import { NO_ORIGIN, Origins } from './origins.ts';
import { decodeKeyValues, linkTypeOf, type SpanRow, toSpan } from './span-row.ts';
import { listByTrace } from './trace-lists.ts';

const SPANS = query('spans-of-traces');
const SPANS_OF_TRACES = SPANS.replace('{{traces}}', query('in-asked'));
const SPANS_AND_CAUSES = SPANS.replace('{{traces}}', query('in-asked-and-causes'));
const TRACES_LINKING_TO = query('traces-linking-to');
const LINKS_TO_TRACES = query('links-to-traces');
const FIND_BEGINS = query('find-begins');
const BEGINS_OF_TRACES = query('begins-of-traces');

/** More begins than this for one key, or in one answer's traces, is a fault of the senders. */
const BEGINS_MAX = 10_000;
/** Traces in which one id is looked for. */
const TRACES_OF_ID_MAX = 100_000;
const TRACE_ID = /^[0-9a-f]{32}$/;

interface LinkTargetRow {
  target_trace_id: string;
  target_span_id: string;
  trace_id: string;
  span_id: string;
  /** `KeyValue` messages in base64. */
  attributes: string[];
  service: string;
  name: string;
  start_ns: string;
}

interface BeginSpanRow {
  trace_id: string;
  span_id: string;
  start_ns: string;
  key: string[];
}

/** The trace store's reads, over the engine's tables. */
export class EngineReads implements TraceStore {
  readonly #database: Pick<Database, 'rows'>;
  readonly #origins: Origins;

  constructor(database: Pick<Database, 'rows'>) {
    this.#database = database;
    this.#origins = new Origins(database);
  }

  async spansOfTraces(traceIds: readonly string[], limit: number): Promise<SpanPage> {
    if (traceIds.length === 0) return { spans: [], truncated: false };
    return this.#spans(SPANS_OF_TRACES, { trace_ids: traceIds }, limit);
  }

  async spansAndCauses(
    definition: LifecycleDefinition,
    traceIds: readonly string[],
    limit: number,
  ): Promise<SpanPage> {
    if (traceIds.length === 0) return { spans: [], truncated: false };
    const parameters = { ...beginParameters(definition), trace_ids: traceIds };
    return this.#spans(SPANS_AND_CAUSES, parameters, limit);
  }

  async tracesLinkingTo(traceIds: readonly string[], limit: number): Promise<TracePage> {
    if (traceIds.length === 0) return { traceIds: [], truncated: false };
    const rows = await this.#database.rows<{ trace_id: string }>(TRACES_LINKING_TO, {
      trace_ids: traceIds,
      rows_max: limit + 1,
    });
    const linking = rows.slice(0, limit).map((row) => row.trace_id);
    return { traceIds: linking, truncated: rows.length > limit };
  }

  async linksToTraces(traceIds: readonly string[], limit: number): Promise<LinkPage> {
    if (traceIds.length === 0) return { links: [], truncated: false };
    const rows = await this.#database.rows<LinkTargetRow>(LINKS_TO_TRACES, {
      trace_ids: traceIds,
      rows_max: limit + 1,
    });
    return { links: rows.slice(0, limit).map(toInboundLink), truncated: rows.length > limit };
  }

  async findBegins(
    definition: LifecycleDefinition,
    values: readonly string[],
  ): Promise<BeginSpan[]> {
    const { keyAttributes } = definition;
    const [idKey, id] = [idKeyOf(definition), values.at(-1)];
    if (isKeyedByTrace(definition)) {
      const traceIds = values.filter((value) => TRACE_ID.test(value));
      return this.beginsOfTraces(definition, values.length === 1 ? traceIds : []);
    }
    if (id === undefined || values.length > keyAttributes.length) return [];
    const rows = await this.#database.rows<BeginSpanRow>(FIND_BEGINS, {
      ...beginParameters(definition),
      key_attributes: keyAttributes,
      value_attributes: keyAttributes.slice(-values.length),
      values,
      id_key: idKey,
      id,
      traces_max: TRACES_OF_ID_MAX,
      rows_max: BEGINS_MAX,
    });
    return rows.map((row) => toBegin(row, row.key));
  }

  async beginsOfTraces(
    definition: LifecycleDefinition,
    traceIds: readonly string[],
  ): Promise<BeginSpan[]> {
    if (traceIds.length === 0) return [];
    const rows = await this.#database.rows<BeginSpanRow>(BEGINS_OF_TRACES, {
      ...beginParameters(definition),
      key_attributes: definition.keyAttributes,
      trace_ids: traceIds,
      rows_max: BEGINS_MAX,
    });
    const byTrace = isKeyedByTrace(definition);
    return rows.map((row) => toBegin(row, byTrace ? [row.trace_id] : row.key));
  }

  coverage(options: CoverageOptions): Promise<HopPage> {
    return readCoverage(this.#database, options);
  }

  async listBegins(definition: LifecycleDefinition, options: ListOptions): Promise<BeginPage> {
    if (isKeyedByTrace(definition)) {
      return listByTrace({
        database: this.#database,
        definition,
        options,
        beginsOfTraces: (traceIds) => this.beginsOfTraces(definition, traceIds),
      });
    }
    return listByKey({ database: this.#database, definition, options });
  }

  async #spans(text: string, parameters: QueryParameters, limit: number): Promise<SpanPage> {
    const rows = await this.#database.rows<SpanRow>(text, { ...parameters, rows_max: limit + 1 });
    const page = rows.slice(0, limit);
    const origins = await this.#origins.of(new Set(page.map((row) => row.origin_id)));
    const spans = page.map((row) => toSpan(row, origins.get(row.origin_id) ?? NO_ORIGIN));
    return { spans, truncated: rows.length > limit };
  }
}

function toInboundLink(row: LinkTargetRow): LinkPage['links'][number] {
  const attributes = decodeKeyValues(row.attributes);
  return {
    target: spanRef({ traceId: row.target_trace_id, spanId: row.target_span_id }),
    source: spanRef({ traceId: row.trace_id, spanId: row.span_id }),
    type: linkTypeOf(attributes),
    attributes,
    name: row.name,
    service: row.service,
    startNs: BigInt(row.start_ns),
  };
}

function toBegin(row: BeginSpanRow, key: readonly string[]): BeginSpan {
  return {
    span: spanRef({ traceId: row.trace_id, spanId: row.span_id }),
    key,
    beginNs: BigInt(row.start_ns),
  };
}
