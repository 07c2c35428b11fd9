SELECT DISTINCT lower(hex(trace_id)) AS trace_id
FROM correlation
WHERE key = {id_key:String} AND value IN {ids:Array(String)}
LIMIT {rows_max:UInt32}
