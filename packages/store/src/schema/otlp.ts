const KINDS = ['none', 'string', 'bool', 'int', 'double', 'array', 'kvlist', 'bytes'];
const KIND = `Enum8(${KINDS.map((kind, index) => `'${kind}' = ${index}`).join(', ')})`;

function value(array: string): string {
  return `Tuple(kind ${KIND}, string String, bool Int64, int Int64, double Float64,
    array ${array}, kvlist String, bytes String)`;
}

const FLAT_VALUE = value('String');
const VALUE = value(`Tuple(elements Array(${FLAT_VALUE}))`);
const KEY_VALUES = `Array(Tuple(key String, value ${VALUE}))`;
const FLAT_KEY_VALUES = `Array(Tuple(key String, value ${FLAT_VALUE}))`;

function request(spanFields: string): string {
  return `resource_spans Array(Tuple(
    resource Tuple(attributes ${KEY_VALUES}),
    scope_spans Array(Tuple(
      scope Tuple(name String, version String),
      spans Array(Tuple(${spanFields}))))))`;
}

const ID_FIELDS = 'trace_id String, span_id String, name String, start_ns UInt64, end_ns UInt64';
const EVENTS = `Array(Tuple(time_ns UInt64, name String, attributes ${FLAT_KEY_VALUES}))`;
const LINKS = `Array(Tuple(trace_id String, span_id String, attributes ${FLAT_KEY_VALUES}))`;

/**
 * The shape in which the engine decodes a journal record, for each table only what it needs: fields
 * of otlp.proto that are not named are skipped. `kind` tells which alternative of a value is
 * present.
 */
export const OTLP_STRUCTURES = {
  spans: request(`${ID_FIELDS}, parent_span_id String, kind Int32,
    attributes ${KEY_VALUES}, dropped_attributes UInt32,
    events ${EVENTS}, dropped_events UInt32, links ${LINKS}, dropped_links UInt32,
    status Tuple(message String, code Int32)`),
  link_targets: request(`${ID_FIELDS}, links ${LINKS}`),
  correlation: request(`${ID_FIELDS}, attributes ${KEY_VALUES}`),
} as const;

/**
 * The tables that a segment is loaded into, in this order: `spans` decodes everything that others
 * do.
 */
export const LOADED_TABLES = ['spans', 'link_targets', 'correlation'] as const;
export type LoadedTable = (typeof LOADED_TABLES)[number];
