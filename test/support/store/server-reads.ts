import {
  type Attributes,
  type AttributeValue,
  coverageResponseSchema,
  isBeginName,
  type LifecycleDefinition,
  lifecycleSchema,
  lifecyclesResponseSchema,
  type Span,
  type SpanRef,
  spanRef,
  traceResponseSchema,
} from '@throughline/model';
import type { BeginSpan, CoverageOptions, ListOptions, TraceStore } from '@throughline/store';

const TRACES_AT_ONCE = 8;

/**
 * The trace store as the HTTP API shows it: every method asks the running server. Span values come from
 * the OTLP form of a trace, the one that is exact.
 */
export class ServerReads implements TraceStore {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async spansOfTraces(traceIds: readonly string[], limit: number) {
    const traces: Span[][] = [];
    // No more at once than the server reads at once: none has to wait for its turn.
    for (let from = 0; from < traceIds.length; from += TRACES_AT_ONCE) {
      const some = traceIds.slice(from, from + TRACES_AT_ONCE);
      traces.push(...(await Promise.all(some.map((id) => this.#trace(id)))));
    }
    const rank = ({ startNs, traceId, spanId }: Span) =>
      `${String(startNs).padStart(20, '0')}${traceId}${spanId}`;
    const spans = traces.flat().toSorted((left, right) => (rank(left) < rank(right) ? -1 : 1));
    return { spans: spans.slice(0, limit), truncated: spans.length > limit };
  }

  async spansAndCauses(
    definition: LifecycleDefinition,
    traceIds: readonly string[],
    limit: number,
  ) {
    const asked = await this.spansOfTraces(traceIds, Number.MAX_SAFE_INTEGER);
    const causes = asked.spans
      .filter(({ name }) => !isBeginName(definition, name))
      .flatMap(({ links }) => links.map(({ traceId }) => traceId));
    return this.spansOfTraces([...new Set([...traceIds, ...causes])], limit);
  }

  async linksToTraces(traceIds: readonly string[], limit: number) {
    const links = [];
    for (const traceId of traceIds) {
      const trace = await this.#ask(`/api/traces/${traceId}?format=throughline`);
      if (trace === undefined) continue;
      for (const inbound of traceResponseSchema.parse(trace).inboundLinks) {
        const { targetSpanId, name, service, type } = inbound;
        const source = (await this.#trace(inbound.traceId)).find(
          ({ spanId }) => spanId === inbound.spanId,
        );
        const link = source?.links.find((each) => each.spanId === targetSpanId);
        links.push({
          target: spanRef({ traceId, spanId: targetSpanId }),
          source: spanRef(inbound),
          type,
          attributes: link?.attributes ?? {},
          name,
          service,
          startNs: source?.startNs ?? 0n,
        });
      }
    }
    return { links: links.slice(0, limit), truncated: links.length > limit };
  }

  async tracesLinkingTo(traceIds: readonly string[], limit: number) {
    const { links } = await this.linksToTraces(traceIds, Number.MAX_SAFE_INTEGER);
    const sources = links.map(({ source }) => source.slice(0, 32));
    const found = [...new Set(sources)].filter((id) => !traceIds.includes(id)).sort();
    return { traceIds: found.slice(0, limit), truncated: found.length > limit };
  }

  async findBegins(definition: LifecycleDefinition, values: readonly string[]) {
    const key = values.map(encodeURIComponent).join('/');
    const answer = await this.#ask(`/api/lifecycles/${definition.name}/${key}`);
    if (answer === undefined) return [];
    const lifecycle = lifecycleSchema.parse(answer);
    const begin = lifecycle.spans.find(
      ({ name, startNs }) => isBeginName(definition, name) && startNs === lifecycle.begin,
    );
    if (!begin) return [];
    const found = { key: lifecycle.key.split('/'), beginNs: lifecycle.begin };
    return [{ span: spanRef(begin), ...found }];
  }

  async beginsOfTraces(definition: LifecycleDefinition, traceIds: readonly string[]) {
    const begins: BeginSpan[] = [];
    for (const traceId of traceIds) {
      const trace = await this.#ask(`/api/traces/${traceId}?format=throughline`);
      if (trace === undefined) continue;
      for (const { name, key } of traceResponseSchema.parse(trace).lifecycles) {
        if (name !== definition.name) continue;
        begins.push(...(await this.findBegins(definition, key.split('/'))));
      }
    }
    return begins;
  }

  async listBegins(definition: LifecycleDefinition, options: ListOptions) {
    const query = new URLSearchParams({
      name: definition.name,
      q: options.words.join(' '),
      sort: options.sort,
      limit: String(options.limit),
    });
    const { status, startNs, endNs, cursor } = options;
    for (const [name, value] of Object.entries({ status, start: startNs, end: endNs, cursor })) {
      if (value !== undefined) query.set(name, String(value));
    }
    const page = lifecyclesResponseSchema.parse(await this.#ask(`/api/lifecycles?${query}`));
    const rows = [];
    for (const row of page.rows) {
      const key = row.key.split('/');
      const [begin] = await this.findBegins(definition, key);
      const isOpen = !definition.terminalStatuses.includes(row.status);
      rows.push({
        span: begin?.span ?? (':' as SpanRef),
        key,
        beginNs: row.begin,
        end: isOpen ? undefined : { span: ':' as SpanRef, endNs: row.end, status: row.status },
      });
    }
    return { rows, total: page.total, cursor: page.cursor };
  }

  async coverage({ startNs, endNs, limit }: CoverageOptions) {
    const query = new URLSearchParams({ start: String(startNs), end: String(endNs) });
    const answer = coverageResponseSchema.parse(await this.#ask(`/api/coverage?${query}`));
    const hops = answer.hops.map(({ transport, coverage: _, usable: __, ...hop }) => {
      return { ...hop, producer: hop.producer, system: transport };
    });
    return { hops: hops.slice(0, limit), truncated: answer.truncated };
  }

  async #trace(traceId: string): Promise<Span[]> {
    const traces = await this.#ask(`/api/traces/${traceId}?format=otlp`);
    return traces === undefined ? [] : spansOf(traces as OtlpJson);
  }

  /** The answer; undefined when there is no such thing. */
  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
    return response.json();
  }
}

/** Every message of OTLP/JSON that is read here, in one. */
interface OtlpJson {
  resourceSpans?: OtlpJson[];
  resource?: OtlpJson;
  scopeSpans?: OtlpJson[];
  scope?: OtlpJson;
  schemaUrl?: string;
  spans?: OtlpJson[];
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  traceState?: string;
  flags?: number;
  name?: string;
  version?: string;
  kind?: number;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  timeUnixNano?: string;
  attributes?: { key: string; value?: OtlpValue }[];
  droppedAttributesCount?: number;
  events?: OtlpJson[];
  droppedEventsCount?: number;
  links?: OtlpJson[];
  droppedLinksCount?: number;
  status?: { code?: number; message?: string };
}

interface OtlpValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number | string;
  bytesValue?: string;
  arrayValue?: { values: OtlpValue[] };
  kvlistValue?: { values: NonNullable<OtlpJson['attributes']> };
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** OTLP/JSON read by its specification. */
function spansOf({ resourceSpans = [] }: OtlpJson): Span[] {
  return resourceSpans.flatMap((from) =>
    (from.scopeSpans ?? []).flatMap((inScope) =>
      (inScope.spans ?? []).map((span) => toSpan(span, inScope, from)),
    ),
  );
}

function toSpan(span: OtlpJson, inScope: OtlpJson, from: OtlpJson): Span {
  const { resource = {} } = from;
  const { scope = {} } = inScope;
  const attributes = attributesOf(resource);
  const { code = 0, message = '' } = span.status ?? {};
  return {
    ...idsOf(span),
    ...given('parentSpanId', span.parentSpanId),
    ...given('traceState', span.traceState),
    ...given('flags', span.flags),
    name: span.name ?? '',
    kind: KINDS[(span.kind ?? 1) - 1] ?? 'internal',
    service: String(attributes['service.name'] ?? ''),
    host: String(attributes['host.name'] ?? ''),
    startNs: BigInt(span.startTimeUnixNano ?? 0),
    endNs: BigInt(span.endTimeUnixNano ?? 0),
    status: { code: STATUS_CODES[code] ?? 'unset', message },
    attributes: attributesOf(span),
    resource: attributes,
    ...given('resourceSchemaUrl', from.schemaUrl),
    ...given('resourceDroppedAttributes', resource.droppedAttributesCount),
    scope: {
      name: scope.name ?? '',
      version: scope.version ?? '',
      ...(scope.attributes && { attributes: attributesOf(scope) }),
      ...given('droppedAttributes', scope.droppedAttributesCount),
      ...given('schemaUrl', inScope.schemaUrl),
    },
    events: (span.events ?? []).map((event) => ({
      timeNs: BigInt(event.timeUnixNano ?? 0),
      name: event.name ?? '',
      attributes: attributesOf(event),
      ...given('droppedAttributes', event.droppedAttributesCount),
    })),
    links: (span.links ?? []).map(toLink),
    dropped: {
      attributes: span.droppedAttributesCount ?? 0,
      events: span.droppedEventsCount ?? 0,
      links: span.droppedLinksCount ?? 0,
    },
  };
}

function toLink(link: OtlpJson): Span['links'][number] {
  const attributes = attributesOf(link);
  const type = attributes['throughline.link.type'];
  return {
    ...idsOf(link),
    ...(typeof type === 'string' && { type }),
    attributes,
    ...given('droppedAttributes', link.droppedAttributesCount),
    ...given('traceState', link.traceState),
    ...given('flags', link.flags),
  };
}

function idsOf({ traceId = '', spanId = '' }: OtlpJson): { traceId: string; spanId: string } {
  return { traceId, spanId };
}

function given(name: string, value: unknown): object {
  return value ? { [name]: value } : {};
}

function attributesOf({ attributes = [] }: OtlpJson): Attributes {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, toAttributeValue(value ?? {})]),
  );
}

function toAttributeValue(value: OtlpValue): AttributeValue {
  if (value.intValue !== undefined) return BigInt(value.intValue);
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.bytesValue !== undefined) {
    return new Uint8Array(Buffer.from(value.bytesValue, 'base64'));
  }
  if (value.arrayValue) return value.arrayValue.values.map(toAttributeValue);
  if (value.kvlistValue) return attributesOf({ attributes: value.kvlistValue.values });
  return value.stringValue ?? value.boolValue ?? null;
}
