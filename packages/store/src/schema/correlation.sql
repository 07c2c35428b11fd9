-- Which traces carry a business id: an order is found by its id as a trace is by its. The trace in which
-- a lifecycle begins is told from the many that it passes through.
CREATE TABLE IF NOT EXISTS correlation
(
    bucket DateTime('UTC') CODEC(ZSTD(1)),
    key LowCardinality(String) CODEC(ZSTD(1)),
    value String CODEC(ZSTD(1)),
    begins_lifecycle Bool CODEC(ZSTD(1)),
    trace_id FixedString(16) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY bucket
ORDER BY (key, value, begins_lifecycle, trace_id)
SETTINGS
    index_granularity = 1024,
    min_compress_block_size = 16384,
    non_replicated_deduplication_window = 1000,
    string_serialization_version = 'single_stream',
    auto_statistics_types = '',
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS received_spans_to_correlation TO correlation AS
SELECT DISTINCT bucket, id.1 AS key, id.2 AS value, begins_lifecycle, trace_id
FROM
(
    SELECT bucket, begins_lifecycle, trace_id, arrayJoin(ids) AS id
    FROM received_spans
)
