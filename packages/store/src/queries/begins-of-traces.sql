SELECT
    trace_id,
    span_id,
    start_ns,
    arrayMap(k -> attributes[k], {key_attributes:Array(String)}) AS key
FROM correlation
WHERE name IN {begin_names:Array(String)}
    AND trace_id IN {trace_ids:Array(String)}
    AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
ORDER BY start_ns, trace_id, span_id
LIMIT 1 BY trace_id, span_id
LIMIT {rows_max:UInt32}
