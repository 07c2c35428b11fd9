SELECT
    lower(hex(trace_id)) AS trace_id,
    lower(hex(span_id)) AS span_id,
    start_ns,
    arrayMap(k -> attributes_string[k], {key_attributes:Array(String)}) AS key
FROM spans
PREWHERE spans.trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
    AND hasAll(mapKeys(attributes_string), {key_attributes:Array(String)})
ORDER BY start_ns, trace_id, span_id
LIMIT 1 BY trace_id, span_id
LIMIT {rows_max:UInt32}
