-- The spans that begin or end a lifecycle, by name and time: what lists of lifecycles are made from.
CREATE TABLE IF NOT EXISTS lifecycle_spans
(
    bucket DateTime('UTC') CODEC(ZSTD(1)),
    -- The bucket in which the row was received; another than `bucket` when retention carried it on.
    first_bucket DateTime('UTC') DEFAULT bucket CODEC(ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    start_ns Int64 CODEC(Delta, ZSTD(1)),
    duration_ns Int64 CODEC(ZSTD(1)),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(NONE),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY bucket
ORDER BY (name, start_ns)
SETTINGS
    non_replicated_deduplication_window = 1000,
    string_serialization_version = 'single_stream',
    auto_statistics_types = '',
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS received_spans_to_lifecycle_spans TO lifecycle_spans AS
SELECT bucket, name, start_ns, duration_ns, trace_id, span_id, boundary AS attributes
FROM received_spans
WHERE notEmpty(boundary)
