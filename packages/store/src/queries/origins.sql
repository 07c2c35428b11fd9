SELECT
    toString(origin_id) AS origin_id,
    (
        resource_string, resource_int, resource_float, resource_bool,
        mapApply((k, v) -> (k, base64Encode(v)), resource_other)
    ) AS resource,
    resource_dropped_attributes, resource_schema_url,
    scope_name, scope_version,
    (
        scope_string, scope_int, scope_float, scope_bool,
        mapApply((k, v) -> (k, base64Encode(v)), scope_other)
    ) AS scope,
    scope_dropped_attributes, scope_schema_url
FROM origins
WHERE origins.origin_id IN (SELECT toUInt64(arrayJoin({origin_ids:Array(String)})))
LIMIT 1 BY origin_id
