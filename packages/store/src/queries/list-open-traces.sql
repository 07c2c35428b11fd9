-- Lifecycles whose key is their trace and that have not ended, newest begin first. Nothing is kept of
-- begins but the spans, so this looks through all spans of the time: for a list that is asked for by name.
WITH
    begins AS
    (
        SELECT trace_id, span_id, start_ns
        FROM spans
        WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
            AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
            AND trace_id GLOBAL NOT IN
            (
                SELECT trace_id
                FROM lifecycle_spans
                WHERE name IN {end_names:Array(String)}
                    AND attributes[{status_attribute:String}] IN {terminal_statuses:Array(String)}
                    AND start_ns >= {ends_from_ns:Int64}
            )
            AND if(
                empty({words:Array(String)}),
                true,
                arrayAll(
                    word -> position(
                        lowerUTF8(concat(
                            lower(hex(trace_id)), '\n', attributes_string[{word_1:String}], '\n',
                            attributes_string[{word_2:String}], '\n', attributes_string[{word_3:String}], '\n',
                            attributes_string[{word_4:String}], '\nopen')),
                        word) > 0,
                    {words:Array(String)}))
        ORDER BY start_ns DESC, trace_id DESC
        LIMIT 1 BY trace_id
        LIMIT {looked_at_max:UInt32}
    ),
    counted AS (SELECT *, count() OVER () AS total FROM begins)
SELECT
    lower(hex(trace_id)) AS trace_id,
    lower(hex(span_id)) AS span_id,
    start_ns AS at_ns,
    'open' AS status,
    total
FROM counted
WHERE (start_ns, counted.trace_id) < ({after_ns:Int64}, toFixedString(unhex({after_trace_id:String}), 16))
ORDER BY start_ns DESC, counted.trace_id DESC
LIMIT {rows_max:UInt32}
