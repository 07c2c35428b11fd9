-- The linking traces are known by their ids, the links are read from their spans. A trace's links to itself
-- are not in trace_links.
WITH
    targets AS
    (
        SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16) AS target_trace_id
    )
SELECT
    lower(hex(link.1)) AS target_trace_id,
    lower(hex(link.2)) AS target_span_id,
    lower(hex(trace_id)) AS trace_id,
    lower(hex(span_id)) AS span_id,
    arrayMap(v -> base64Encode(v), link.3) AS attributes,
    service, name, start_ns
FROM
(
    SELECT
        trace_id, span_id, service, name, start_ns,
        arrayJoin(arrayZip(links.trace_id, links.span_id, links.attributes)) AS link
    FROM spans
    WHERE trace_id GLOBAL IN
        (
            SELECT trace_id FROM trace_links WHERE target_trace_id IN (targets)
            UNION ALL
            SELECT target_trace_id FROM targets
        )
)
WHERE link.1 IN (targets)
ORDER BY start_ns, trace_id, span_id, target_trace_id, target_span_id
LIMIT 1 BY trace_id, span_id, target_trace_id, target_span_id, attributes
LIMIT {rows_max:UInt32}
