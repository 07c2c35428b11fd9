-- Lifecycles whose key is their trace, by the first span that ended each: newest end first. Their begins are
-- not listed anywhere; they are looked up in the traces that are found.
WITH
    ends AS
    (
        SELECT
            trace_id,
            min(start_ns + duration_ns) AS last_ns,
            argMin(
                concat(span_id, attributes[{status_attribute:String}]),
                start_ns + duration_ns) AS end_id_status,
            argMin(
                if(
                    empty({words:Array(String)}),
                    '',
                    concat(
                        attributes[{word_1:String}], '\n', attributes[{word_2:String}], '\n',
                        attributes[{word_3:String}], '\n', attributes[{word_4:String}])),
                start_ns + duration_ns) AS shown
        FROM lifecycle_spans
        WHERE name IN {end_names:Array(String)}
            AND attributes[{status_attribute:String}] IN {terminal_statuses:Array(String)}
            AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
        GROUP BY trace_id
    ),
    matching AS
    (
        SELECT trace_id, last_ns, end_id_status, substring(end_id_status, 9) AS status, count() OVER () AS total
        FROM ends
        WHERE ({status:String} = '' OR status = {status:String}) AND if(
            empty({words:Array(String)}),
            true,
            arrayAll(
                word -> position(
                    lowerUTF8(concat(lower(hex(trace_id)), '\n', shown, '\n', status)), word) > 0,
                {words:Array(String)}))
    )
SELECT
    lower(hex(trace_id)) AS trace_id,
    lower(hex(substring(end_id_status, 1, 8))) AS span_id,
    last_ns AS at_ns,
    status,
    total
FROM matching
WHERE (last_ns, matching.trace_id) < ({after_ns:Int64}, toFixedString(unhex({after_trace_id:String}), 16))
ORDER BY last_ns DESC, matching.trace_id DESC
LIMIT {rows_max:UInt32}
