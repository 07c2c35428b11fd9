-- Decodes one journal segment into spans. The block is not split, so that the insert is one part:
-- it happens whole or not at all, and its deduplication token stands for all of it.
INSERT INTO spans
WITH arrayFilter(l -> otlpIsId(l.trace_id, 16) AND otlpIsId(l.span_id, 8), span.links) AS links
SELECT
    {received_day:Date} AS received_day,
    service,
    span.name AS name,
    toInt64(least(span.start_ns, 9223372036854775807)) AS start_ns,
    toInt64(least(span.end_ns, 9223372036854775807)) AS end_ns,
    lower(hex(span.trace_id)) AS trace_id,
    lower(hex(span.span_id)) AS span_id,
    if(otlpIsId(span.parent_span_id, 8), lower(hex(span.parent_span_id)), '') AS parent_span_id,
    transform(
        span.kind, [2, 3, 4, 5], ['server', 'client', 'producer', 'consumer'], 'internal') AS kind,
    host,
    transform(span.status.code, [1, 2], ['ok', 'error'], 'unset') AS status_code,
    span.status.message AS status_message,
    scope_name,
    scope_version,
    otlpStrings(span.attributes) AS attributes_string,
    otlpInts(span.attributes) AS attributes_int,
    otlpFloats(span.attributes) AS attributes_float,
    otlpBools(span.attributes) AS attributes_bool,
    otlpJson(span.attributes, ['array', 'kvlist']) AS attributes_json,
    resource_string,
    resource_json,
    arrayMap(e -> toInt64(least(e.time_ns, 9223372036854775807)), span.events) AS `events.time_ns`,
    span.events.name AS `events.name`,
    arrayMap(e -> otlpAttributesJson(e.attributes), span.events) AS `events.attributes`,
    arrayMap(l -> lower(hex(l.trace_id)), links) AS `links.trace_id`,
    arrayMap(l -> lower(hex(l.span_id)), links) AS `links.span_id`,
    arrayMap(l -> otlpAttributesJson(l.attributes), links) AS `links.attributes`,
    span.dropped_attributes AS dropped_attributes,
    span.dropped_events AS dropped_events,
    toUInt32(span.dropped_links + length(span.links) - length(links)) AS dropped_links
FROM
(
    SELECT
        service, host, resource_string, resource_json, scope_name, scope_version,
        arrayJoin(spans) AS span
    FROM
    (
        SELECT
            service, host, resource_string, resource_json,
            scope_spans.scope.name AS scope_name,
            scope_spans.scope.version AS scope_version,
            scope_spans.spans AS spans
        FROM
        (
            SELECT
                service, host, resource_string, resource_json,
                arrayJoin(scope_spans) AS scope_spans
            FROM
            (
                SELECT
                    otlpStrings(resource_spans.resource.attributes) AS resource_string,
                    otlpJson(
                        resource_spans.resource.attributes,
                        ['bool', 'int', 'double', 'array', 'kvlist']) AS resource_json,
                    resource_string['service.name'] AS service,
                    resource_string['host.name'] AS host,
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
