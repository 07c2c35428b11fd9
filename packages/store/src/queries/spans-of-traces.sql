-- A sender that had no answer sends again, so a span can be stored twice: it is returned once.
SELECT
    trace_id, span_id, parent_span_id, name, kind, service, host, start_ns, end_ns,
    status_code, status_message, scope_name, scope_version,
    attributes_string, attributes_int, attributes_float, attributes_bool, attributes_json,
    resource_string, resource_json,
    events.time_ns AS event_times_ns,
    events.name AS event_names,
    events.attributes AS event_attributes,
    links.trace_id AS link_trace_ids,
    links.span_id AS link_span_ids,
    links.attributes AS link_attributes,
    dropped_attributes, dropped_events, dropped_links
FROM spans
WHERE trace_id IN {trace_ids:Array(String)}
ORDER BY start_ns, trace_id, span_id
LIMIT 1 BY trace_id, span_id
LIMIT {rows_max:UInt32}
