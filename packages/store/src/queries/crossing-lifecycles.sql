-- Lifecycles that may have a part in this bucket and another in a later one: those that began or ended in it,
-- unless they did both, and those of an earlier time whose begin came late to a later bucket or was carried there.
-- A part of them at a time, chosen by hash, so that a bucket with millions is read in bounded memory.
SELECT
    arraySlice(splitByChar('\0', key), 1, length({key_attributes:Array(String)})) AS key_parts,
    toString(cityHash64(key)) AS key_hash,
    toUnixTimestamp(maxIf(bucket, begins)) AS begin_bucket_s,
    toUnixTimestamp(minIf(first_bucket, begins)) AS first_bucket_s,
    groupUniqArrayIf({traces_max:UInt32})(lower(hex(trace_id)), begins) AS begin_traces
FROM
(
    SELECT
        concat(
            attributes[{key_1:String}], '\0', attributes[{key_2:String}], '\0',
            attributes[{key_3:String}], '\0', attributes[{key_4:String}]) AS key,
        bucket,
        first_bucket,
        trace_id,
        (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
            AND (bucket = this_bucket OR first_bucket != bucket OR start_ns < {until_ns:Int64}) AS begins,
        name IN {end_names:Array(String)}
            AND attributes[{status_attribute:String}] IN {terminal_statuses:Array(String)}
            AND bucket = this_bucket AS ends,
        toDateTime({bucket:UInt32}, 'UTC') AS this_bucket
    FROM lifecycle_spans
    WHERE lifecycle_spans.bucket >= this_bucket
        AND (name IN {boundary_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
        AND (begins OR ends)
        AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
        AND cityHash64(key) % {parts:UInt32} = {part:UInt32}
)
GROUP BY key
HAVING countIf(begins) > 0 AND NOT (countIf(ends) > 0 AND begin_bucket_s = {bucket:UInt32})
ORDER BY first_bucket_s DESC, key
LIMIT {rows_max:UInt32}
