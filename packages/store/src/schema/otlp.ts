const KINDS = ['none', 'string', 'bool', 'int', 'double', 'array', 'kvlist', 'bytes'];
const KIND = `Enum8(${KINDS.map((kind, index) => `'${kind}' = ${index}`).join(', ')})`;

const VALUE = `Tuple(kind ${KIND}, string String, bool Int64, int Int64, double Float64,
  array String, kvlist String, bytes String)`;
/** Keys repeat: as a dictionary they are copied and compared as numbers. */
const KEY_VALUES = `Array(Tuple(key LowCardinality(String), value ${VALUE}))`;

const EVENTS = `Array(Tuple(time_ns UInt64, name LowCardinality(String),
  attributes Array(String), dropped_attributes UInt32))`;
const LINKS = `Array(Tuple(trace_id FixedString(16), span_id FixedString(8), trace_state String,
  attributes Array(String), dropped_attributes UInt32, flags UInt32))`;
const SPANS = `Array(Tuple(
  trace_id FixedString(16), span_id FixedString(8), parent_span_id String, trace_state String,
  name LowCardinality(String), kind Int32, start_ns UInt64, end_ns UInt64, flags UInt32,
  attributes ${KEY_VALUES}, dropped_attributes UInt32,
  events ${EVENTS}, dropped_events UInt32, links ${LINKS}, dropped_links UInt32,
  status Tuple(message String, code Int32)))`;

const RESOURCE = `Tuple(attributes ${KEY_VALUES}, dropped_attributes UInt32)`;
const SCOPE = `Tuple(name LowCardinality(String), version LowCardinality(String),
  attributes ${KEY_VALUES}, dropped_attributes UInt32)`;

function request(scopeSpans: string): string {
  return `resource_spans Array(Tuple(resource ${RESOURCE}, schema_url String,
    scope_spans Array(Tuple(scope ${SCOPE}, schema_url String${scopeSpans}))))`;
}

/**
 * The shape in which the engine decodes a journal record, for each load only what it needs: fields
 * of otlp.proto that are not named are skipped. `kind` tells which alternative of a value is
 * present.
 */
export const OTLP_STRUCTURES = {
  origins: request(''),
  spans: request(`, spans ${SPANS}`),
} as const;
