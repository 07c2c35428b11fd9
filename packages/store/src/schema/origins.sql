-- Where spans come from: one row per resource and instrumentation scope. A span names it by the hash of
-- its content, so the same origin is the same row whoever stores it, and a reader may keep it for ever.
CREATE TABLE IF NOT EXISTS origins
(
    bucket DateTime('UTC'),
    origin_id UInt64,
    service LowCardinality(String),
    resource_string Map(LowCardinality(String), String),
    resource_int Map(LowCardinality(String), Int64),
    resource_float Map(LowCardinality(String), Float64),
    resource_bool Map(LowCardinality(String), Bool),
    resource_other Map(LowCardinality(String), String),
    resource_dropped_attributes UInt32,
    resource_schema_url LowCardinality(String),
    scope_name LowCardinality(String),
    scope_version LowCardinality(String),
    scope_string Map(LowCardinality(String), String),
    scope_int Map(LowCardinality(String), Int64),
    scope_float Map(LowCardinality(String), Float64),
    scope_bool Map(LowCardinality(String), Bool),
    scope_other Map(LowCardinality(String), String),
    scope_dropped_attributes UInt32,
    scope_schema_url LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY bucket
ORDER BY origin_id
SETTINGS
    non_replicated_deduplication_window = 1000,
    string_serialization_version = 'single_stream',
    auto_statistics_types = '',
    fsync_after_insert = 1,
    fsync_part_directory = 1;

-- To decode a segment without storing it.
CREATE TABLE IF NOT EXISTS probed_origins AS origins ENGINE = Null
