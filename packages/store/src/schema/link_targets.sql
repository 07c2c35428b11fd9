-- Links turned round: one row per link, found by the span that is linked to.
CREATE TABLE IF NOT EXISTS link_targets
(
    received_day Date,
    target_trace_id String CODEC(ZSTD(1)),
    target_span_id String CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    attributes String CODEC(ZSTD(1)),
    service LowCardinality(String) CODEC(ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    start_ns Int64 CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY received_day
ORDER BY (target_trace_id, target_span_id)
SETTINGS
    index_granularity = 1024,
    min_compress_block_size = 8192,
    max_compress_block_size = 32768,
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
