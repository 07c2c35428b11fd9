-- Links turned round: which traces link to a trace. The links themselves are in their spans.
CREATE TABLE IF NOT EXISTS trace_links
(
    bucket DateTime('UTC') CODEC(ZSTD(1)),
    target_trace_id FixedString(16) CODEC(ZSTD(1)),
    trace_id FixedString(16) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY bucket
ORDER BY (target_trace_id, trace_id)
SETTINGS
    index_granularity = 1024,
    min_compress_block_size = 16384,
    non_replicated_deduplication_window = 1000,
    string_serialization_version = 'single_stream',
    auto_statistics_types = '',
    fsync_after_insert = 1,
    fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS received_spans_to_trace_links TO trace_links AS
SELECT DISTINCT bucket, target_trace_id, trace_id
FROM
(
    SELECT bucket, arrayJoin(links.trace_id) AS target_trace_id, trace_id
    FROM received_spans
)
WHERE target_trace_id != trace_id
