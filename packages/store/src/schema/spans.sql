-- One row per span. The partition is the day on which the span was received, not the day it claims
-- to have started: a sender with a broken clock would otherwise create a partition per claimed day.
CREATE TABLE IF NOT EXISTS spans
(
    received_day Date,
    service LowCardinality(String) CODEC(ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    start_ns Int64 CODEC(Delta, ZSTD(1)),
    end_ns Int64 CODEC(Delta, ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    parent_span_id String CODEC(ZSTD(1)),
    kind Enum8('internal' = 1, 'server' = 2, 'client' = 3, 'producer' = 4, 'consumer' = 5),
    host LowCardinality(String) CODEC(ZSTD(1)),
    status_code Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
    status_message String CODEC(ZSTD(1)),
    scope_name LowCardinality(String) CODEC(ZSTD(1)),
    scope_version LowCardinality(String) CODEC(ZSTD(1)),
    -- Bytes are kept as base64 among the strings; arrays and nested maps as JSON text (see
    -- otlp.ts).
    attributes_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attributes_int Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attributes_float Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attributes_bool Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    attributes_json Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    resource_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    resource_json Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    events Nested
    (
        time_ns Int64,
        name LowCardinality(String),
        attributes String
    ) CODEC(ZSTD(1)),
    links Nested
    (
        trace_id String,
        span_id String,
        attributes String
    ) CODEC(ZSTD(1)),
    dropped_attributes UInt32 CODEC(ZSTD(1)),
    dropped_events UInt32 CODEC(ZSTD(1)),
    dropped_links UInt32 CODEC(ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY received_day
ORDER BY (service, name, start_ns)
-- Small granules and blocks: a read by trace id takes a few rows from many places.
SETTINGS
    index_granularity = 1024,
    min_compress_block_size = 8192,
    max_compress_block_size = 32768,
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
