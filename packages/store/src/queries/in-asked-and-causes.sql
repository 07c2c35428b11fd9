-- The traces asked for, and those that their spans link to. A begin span's causes came before its lifecycle.
GLOBAL IN
(
    SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16)
    UNION ALL
    SELECT arrayJoin(links.trace_id)
    FROM spans
    PREWHERE spans.trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
    WHERE NOT (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
)
