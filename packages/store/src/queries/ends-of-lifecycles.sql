-- In which bucket the first terminal end of each of these lifecycles lies. Of copies, the one in the latest.
SELECT
    toString(cityHash64(key)) AS key_hash,
    toUnixTimestamp(argMin(bucket, (start_ns + duration_ns, -toInt64(toUnixTimestamp(bucket))))) AS end_bucket_s
FROM
(
    SELECT
        concat(
            attributes[{key_1:String}], '\0', attributes[{key_2:String}], '\0',
            attributes[{key_3:String}], '\0', attributes[{key_4:String}]) AS key,
        bucket, start_ns, duration_ns
    FROM lifecycle_spans
    WHERE name IN {end_names:Array(String)}
        AND attributes[{status_attribute:String}] IN {terminal_statuses:Array(String)}
        AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
        AND cityHash64(key) IN (SELECT toUInt64(arrayJoin({key_hashes:Array(String)})))
)
GROUP BY key
