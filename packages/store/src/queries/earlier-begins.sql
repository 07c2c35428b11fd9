-- Which of these keys begin before a time, too. The ids lead to the traces in which they begin: the table
-- of begins is in order of time, and all of it would have to be read to find a key.
SELECT DISTINCT arrayMap(k -> attributes[k], {key_attributes:Array(String)}) AS key
FROM lifecycle_spans
PREWHERE lifecycle_spans.trace_id GLOBAL IN
    (
        SELECT trace_id FROM correlation
        WHERE key = {id_key:String} AND value IN {ids:Array(String)} AND begins_lifecycle
        LIMIT {traces_max:UInt32}
    )
WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
    AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
    AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
