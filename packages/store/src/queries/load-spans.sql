-- Decodes one journal segment into spans. The block is not split, so that the insert is one part of each
-- table: it happens whole or not at all, and its deduplication token stands for all of it.
INSERT INTO {{table}}
SELECT
    toDateTime({bucket:UInt32}, 'UTC') AS bucket,
    span.trace_id AS trace_id,
    span.span_id AS span_id,
    toFixedString(span.parent_span_id, 8) AS parent_span_id,
    toInt64(span.start_ns) AS start_ns,
    toInt64(span.end_ns) - start_ns AS duration_ns,
    service,
    span.name AS name,
    transform(
        span.kind, [2, 3, 4, 5], ['server', 'client', 'producer', 'consumer'], 'internal') AS kind,
    origin_id,
    span.trace_state AS trace_state,
    span.flags AS flags,
    transform(span.status.code, [1, 2], ['ok', 'error'], 'unset') AS status_code,
    span.status.message AS status_message,
    otlpStrings(span.attributes) AS attributes_string,
    otlpInts(span.attributes) AS attributes_int,
    otlpFloats(span.attributes) AS attributes_float,
    otlpBools(span.attributes) AS attributes_bool,
    otlpOthers(span.attributes) AS attributes_other,
    arrayMap(t -> toInt64(t), span.events.time_ns) AS `events.time_ns`,
    span.events.name AS `events.name`,
    span.events.attributes AS `events.attributes`,
    span.events.dropped_attributes AS `events.dropped_attributes`,
    span.links.trace_id AS `links.trace_id`,
    span.links.span_id AS `links.span_id`,
    span.links.trace_state AS `links.trace_state`,
    span.links.attributes AS `links.attributes`,
    span.links.dropped_attributes AS `links.dropped_attributes`,
    span.links.flags AS `links.flags`,
    span.dropped_attributes AS dropped_attributes,
    span.dropped_events AS dropped_events,
    span.dropped_links AS dropped_links,
    mapFilter((k, v) -> has({id_keys:Array(String)}, k), attributes_string) AS ids,
    notEmpty(ids) AND (has({begin_names:Array(String)}, span.name)
        OR arrayExists(p -> startsWith(span.name, p), {begin_prefixes:Array(String)})) AS begins_lifecycle,
    multiIf(
        begins_lifecycle OR has({end_names:Array(String)}, span.name) AND arrayExists(
            name -> has({terminal_statuses:Array(String)}, attributes_string[name]),
            {status_attributes:Array(String)}),
        mapFilter((k, v) -> has({boundary_keys:Array(String)}, k), attributes_string),
        has({completed_names:Array(String)}, span.name) AND span.status.code != 2,
        mapConcat(
            map(toLowCardinality({completed_attribute:String}), {completed_status:String}),
            mapFilter((k, v) -> has({completed_keys:Array(String)}, k), attributes_string)),
        map()) AS boundary
FROM
(
    SELECT
        service,
        cityHash64(resource, resource_schema_url, scopes.scope, scopes.schema_url) AS origin_id,
        arrayJoin(scopes.spans) AS span
    FROM
    (
        SELECT
            origin.resource AS resource,
            origin.schema_url AS resource_schema_url,
            otlpStrings(resource.attributes)['service.name'] AS service,
            arrayJoin(origin.scope_spans) AS scopes
        FROM
        (
            SELECT arrayJoin(resource_spans) AS origin FROM {{segment}}
        )
    )
)
