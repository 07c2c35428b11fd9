SELECT DISTINCT lower(hex(trace_id)) AS trace_id
FROM trace_links
WHERE target_trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
ORDER BY trace_id
LIMIT {rows_max:UInt32}
