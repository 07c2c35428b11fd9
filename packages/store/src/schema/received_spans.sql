-- The door: spans are inserted here, once, and each of the tables behind it takes what it keeps through
-- its own materialized view. Nothing is stored here. A view passes the insert's deduplication token on,
-- so that a repeated insert adds to each table only what that table does not have.
CREATE TABLE IF NOT EXISTS received_spans
(
    bucket DateTime('UTC'),
    trace_id FixedString(16),
    span_id FixedString(8),
    parent_span_id FixedString(8),
    start_ns Int64,
    duration_ns Int64,
    service LowCardinality(String),
    name LowCardinality(String),
    kind Enum8('internal' = 1, 'server' = 2, 'client' = 3, 'producer' = 4, 'consumer' = 5),
    origin_id UInt64,
    trace_state String,
    flags UInt32,
    status_code Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
    status_message String,
    attributes_string Map(LowCardinality(String), String),
    attributes_int Map(LowCardinality(String), Int64),
    attributes_float Map(LowCardinality(String), Float64),
    attributes_bool Map(LowCardinality(String), Bool),
    attributes_other Map(LowCardinality(String), String),
    events Nested
    (
        time_ns Int64,
        name LowCardinality(String),
        attributes Array(String),
        dropped_attributes UInt32
    ),
    links Nested
    (
        trace_id FixedString(16),
        span_id FixedString(8),
        trace_state String,
        attributes Array(String),
        dropped_attributes UInt32,
        flags UInt32
    ),
    dropped_attributes UInt32,
    dropped_events UInt32,
    dropped_links UInt32,
    -- Business ids that stand for few traces each, and so are worth an index.
    ids Map(LowCardinality(String), String),
    begins_lifecycle Bool,
    -- For a span that begins or ends a lifecycle: the attributes that lists show and search.
    boundary Map(LowCardinality(String), String)
)
ENGINE = Null;

-- To decode a segment without storing it.
CREATE TABLE IF NOT EXISTS probed_spans AS received_spans ENGINE = Null
