-- The versions of the schema that these tables went through: the highest is the one that they have. Created
-- before all others and written to after them, so a database that is half made can be told from an alien one.
CREATE TABLE IF NOT EXISTS schema_versions
(
    version UInt32,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3),
    -- The version of the server that did it.
    applied_by String
)
ENGINE = MergeTree
ORDER BY version
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1
