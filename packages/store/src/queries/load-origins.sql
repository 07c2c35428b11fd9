-- The origins of one journal segment. What is hashed is everything that is stored, in the order in which
-- it was sent.
INSERT INTO {{table}}
SELECT DISTINCT
    toDateTime({bucket:UInt32}, 'UTC') AS bucket,
    cityHash64(resource, resource_schema_url, scopes.scope, scopes.schema_url) AS origin_id,
    resource_string['service.name'] AS service,
    otlpStrings(resource.attributes) AS resource_string,
    otlpInts(resource.attributes) AS resource_int,
    otlpFloats(resource.attributes) AS resource_float,
    otlpBools(resource.attributes) AS resource_bool,
    otlpOthers(resource.attributes) AS resource_other,
    resource.dropped_attributes AS resource_dropped_attributes,
    resource_schema_url,
    scopes.scope.name AS scope_name,
    scopes.scope.version AS scope_version,
    otlpStrings(scopes.scope.attributes) AS scope_string,
    otlpInts(scopes.scope.attributes) AS scope_int,
    otlpFloats(scopes.scope.attributes) AS scope_float,
    otlpBools(scopes.scope.attributes) AS scope_bool,
    otlpOthers(scopes.scope.attributes) AS scope_other,
    scopes.scope.dropped_attributes AS scope_dropped_attributes,
    scopes.schema_url AS scope_schema_url
FROM
(
    SELECT
        origin.resource AS resource,
        origin.schema_url AS resource_schema_url,
        arrayJoin(origin.scope_spans) AS scopes
    FROM
    (
        SELECT DISTINCT arrayJoin(resource_spans) AS origin FROM {{segment}}
    )
)
