-- The id leads to the traces in which something that carries it begins; the begins are then compared with
-- the whole key.
SELECT
    lower(hex(trace_id)) AS trace_id,
    lower(hex(span_id)) AS span_id,
    start_ns,
    arrayMap(k -> attributes_string[k], {key_attributes:Array(String)}) AS key
FROM spans
PREWHERE spans.trace_id GLOBAL IN
    (
        SELECT trace_id FROM correlation
        WHERE key = {id_key:String} AND value = {id:String} AND begins_lifecycle
        LIMIT {traces_max:UInt32}
    )
WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
    AND arrayMap(k -> attributes_string[k], {value_attributes:Array(String)}) = {values:Array(String)}
    AND hasAll(mapKeys(attributes_string), {key_attributes:Array(String)})
ORDER BY start_ns, trace_id, span_id
LIMIT 1 BY trace_id, span_id
LIMIT {rows_max:UInt32}
