INSERT INTO link_targets
SELECT
    {received_day:Date} AS received_day,
    lower(hex(link.trace_id)) AS target_trace_id,
    lower(hex(link.span_id)) AS target_span_id,
    trace_id,
    span_id,
    otlpAttributesJson(link.attributes) AS attributes,
    service,
    name,
    start_ns
FROM
(
    SELECT
        service,
        span.name AS name,
        toInt64(least(span.start_ns, 9223372036854775807)) AS start_ns,
        lower(hex(span.trace_id)) AS trace_id,
        lower(hex(span.span_id)) AS span_id,
        arrayJoin(span.links) AS link
    FROM
    (
        SELECT service, arrayJoin(spans) AS span
        FROM
        (
            SELECT service, scope_spans.spans AS spans
            FROM
            (
                SELECT service, arrayJoin(scope_spans) AS scope_spans
                FROM
                (
                    SELECT
                        otlpStrings(resource_spans.resource.attributes)['service.name'] AS service,
                        resource_spans.scope_spans AS scope_spans
                    FROM
                    (
                        SELECT arrayJoin(resource_spans) AS resource_spans
                        FROM file({segment:String}, 'Protobuf', {structure:String})
                    )
                )
            )
        )
    )
)
WHERE otlpIsId(link.trace_id, 16) AND otlpIsId(link.span_id, 8)
