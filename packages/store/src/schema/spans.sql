-- One row per span, a trace's spans side by side: ids and attributes that repeat within a trace then
-- compress to little, and a trace is read from one place per part. `bucket` is when the span was
-- received, not when it claims to have started: a sender with a broken clock would otherwise create a
-- partition per claimed day.
CREATE TABLE IF NOT EXISTS spans
(
    bucket DateTime('UTC') CODEC(ZSTD(1)),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(NONE),
    parent_span_id FixedString(8) CODEC(ZSTD(1)),
    start_ns Int64 CODEC(Delta, ZSTD(1)),
    duration_ns Int64 CODEC(ZSTD(1)),
    service LowCardinality(String) CODEC(ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    kind Enum8('internal' = 1, 'server' = 2, 'client' = 3, 'producer' = 4, 'consumer' = 5) CODEC(ZSTD(1)),
    origin_id UInt64 CODEC(ZSTD(1)),
    trace_state String CODEC(ZSTD(1)),
    flags UInt32 CODEC(ZSTD(1)),
    status_code Enum8('unset' = 0, 'ok' = 1, 'error' = 2) CODEC(ZSTD(1)),
    status_message String CODEC(ZSTD(1)),
    attributes_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attributes_int Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attributes_float Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attributes_bool Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    -- Arrays, maps, bytes and absent values: see otlpOthers in functions.sql.
    attributes_other Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    -- Attributes of events and links are OTLP KeyValue messages, as they were sent.
    events Nested
    (
        time_ns Int64,
        name LowCardinality(String),
        attributes Array(String),
        dropped_attributes UInt32
    ) CODEC(ZSTD(1)),
    links Nested
    (
        trace_id FixedString(16),
        span_id FixedString(8),
        trace_state String,
        attributes Array(String),
        dropped_attributes UInt32,
        flags UInt32
    ) CODEC(ZSTD(1)),
    dropped_attributes UInt32 CODEC(ZSTD(1)),
    dropped_events UInt32 CODEC(ZSTD(1)),
    dropped_links UInt32 CODEC(ZSTD(1)),
    -- In which parts a trace is not: of the others no column needs to be opened.
    INDEX trace_ids trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY bucket
ORDER BY (trace_id, start_ns)
-- Small granules in blocks of their own: a read by trace id takes a few rows from many parts, and would
-- otherwise decompress 64 KiB of every column for each of them.
-- In all tables: a string's length and bytes in one stream, which is smaller and has fewer files, and
-- no statistics of columns, which each load and merge would make and no query here has a use for.
SETTINGS
    index_granularity = 1024,
    min_compress_block_size = 8192,
    non_replicated_deduplication_window = 1000,
    string_serialization_version = 'single_stream',
    auto_statistics_types = '',
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS received_spans_to_spans TO spans AS
SELECT
    bucket, trace_id, span_id, parent_span_id, start_ns, duration_ns, service, name, kind, origin_id,
    trace_state, flags, status_code, status_message,
    attributes_string, attributes_int, attributes_float, attributes_bool, attributes_other,
    events.time_ns, events.name, events.attributes, events.dropped_attributes,
    links.trace_id, links.span_id, links.trace_state, links.attributes, links.dropped_attributes, links.flags,
    dropped_attributes, dropped_events, dropped_links
FROM received_spans
