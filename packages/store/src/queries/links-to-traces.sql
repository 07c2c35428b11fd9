SELECT target_trace_id, target_span_id, trace_id, span_id, attributes, service, name, start_ns
FROM link_targets
WHERE target_trace_id IN {trace_ids:Array(String)}
ORDER BY start_ns, trace_id, span_id, target_trace_id, target_span_id
LIMIT 1 BY trace_id, span_id, target_trace_id, target_span_id, attributes
LIMIT {rows_max:UInt32}
