-- `hasAll` over all values is what the bloom filter answers; the exact comparison is the line below
-- it.
SELECT
    trace_id,
    span_id,
    start_ns,
    arrayMap(k -> attributes[k], {key_attributes:Array(String)}) AS key
FROM correlation
WHERE name IN {begin_names:Array(String)}
    AND hasAll(mapValues(attributes), {values:Array(String)})
    AND arrayMap(k -> attributes[k], {value_attributes:Array(String)}) = {values:Array(String)}
    AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
ORDER BY start_ns, trace_id, span_id
LIMIT 1 BY trace_id, span_id
LIMIT {rows_max:UInt32}
