-- The mark stands for one of in-asked.sql and in-asked-and-causes.sql.
-- A sender that had no answer sends again, so a span can be stored twice: it is returned once.
SELECT
    lower(hex(trace_id)) AS trace_id,
    lower(hex(span_id)) AS span_id,
    lower(hex(parent_span_id)) AS parent_span_id,
    toString(origin_id) AS origin_id,
    name, kind, service, start_ns, start_ns + duration_ns AS end_ns,
    trace_state, flags, status_code, status_message,
    (
        attributes_string, attributes_int, attributes_float, attributes_bool,
        mapApply((k, v) -> (k, base64Encode(v)), attributes_other)
    ) AS attributes,
    events.time_ns AS event_times_ns,
    events.name AS event_names,
    arrayMap(a -> arrayMap(v -> base64Encode(v), a), events.attributes) AS event_attributes,
    events.dropped_attributes AS event_dropped_attributes,
    arrayMap(t -> lower(hex(t)), links.trace_id) AS link_trace_ids,
    arrayMap(s -> lower(hex(s)), links.span_id) AS link_span_ids,
    links.trace_state AS link_trace_states,
    arrayMap(a -> arrayMap(v -> base64Encode(v), a), links.attributes) AS link_attributes,
    links.dropped_attributes AS link_dropped_attributes,
    links.flags AS link_flags,
    dropped_attributes, dropped_events, dropped_links
FROM spans
PREWHERE spans.trace_id {{traces}}
ORDER BY start_ns, trace_id, span_id
LIMIT 1 BY trace_id, span_id
LIMIT {rows_max:UInt32}
