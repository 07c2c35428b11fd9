-- What each table holds of each bucket. Parts that were merged into others take disk until the engine removes
-- them.
SELECT
    table,
    toUInt32(partition_id) AS bucket_s,
    sumIf(rows, active) AS rows,
    sum(bytes_on_disk) AS bytes,
    toUnixTimestamp(max(modification_time)) AS written_s
FROM system.parts
WHERE database = currentDatabase() AND table IN {tables:Array(String)}
GROUP BY table, bucket_s
ORDER BY bucket_s, table
