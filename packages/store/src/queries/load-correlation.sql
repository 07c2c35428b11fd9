-- Only spans with a business id, and of these only the attributes that lists and searches by key
-- need.
INSERT INTO correlation
SELECT
    {received_day:Date} AS received_day,
    span.name AS name,
    toInt64(least(span.start_ns, 9223372036854775807)) AS start_ns,
    toInt64(least(span.end_ns, 9223372036854775807)) AS end_ns,
    lower(hex(span.trace_id)) AS trace_id,
    lower(hex(span.span_id)) AS span_id,
    service,
    otlpStrings(
        arrayFilter(a -> has({attributes:Array(String)}, a.key), span.attributes)) AS attributes
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
WHERE hasAny({keys:Array(String)}, mapKeys(attributes))
