-- The traces that spans of these link to. A begin span's causes came before its lifecycle. Of spans that are not
-- of the lifecycle itself only links that are alone with their type: the many inputs of one operation lead
-- to everything.
SELECT DISTINCT lower(hex(cause)) AS trace_id
FROM
(
    SELECT
        arrayMap(
            a -> arrayFirst(v -> position(v, {link_type_key:String}) > 0, a),
            links.attributes) AS types,
        arrayJoin(
            arrayFilter(
                (t, type) -> {fan_in:UInt8} = 1 OR countEqual(types, type) = 1,
                links.trace_id, types)) AS cause
    FROM spans
    WHERE spans.trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
        AND NOT (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
        AND notEmpty(links.trace_id)
)
ORDER BY trace_id
LIMIT {rows_max:UInt32}
