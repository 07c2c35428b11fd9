-- Lifecycles that begin in a stretch of time: for each key its first begin in it, and its first terminal
-- end; newest first, and how many match. Attributes are named one by one, as constants (a map is ten
-- times slower to look up by a computed name), and what belongs together is joined into one string
-- (tuples are five times slower to aggregate). A key's parts are joined by the byte 0, which no
-- business id contains.
WITH
    begins AS
    (
        SELECT
            concat(
                attributes[{key_1:String}], '\0', attributes[{key_2:String}], '\0',
                attributes[{key_3:String}], '\0', attributes[{key_4:String}]) AS key,
            min(start_ns) AS begin_ns,
            argMin(lower(hex(concat(trace_id, span_id))), start_ns) AS begin_ids,
            argMin(
                concat(
                    attributes[{word_1:String}], '\n', attributes[{word_2:String}], '\n',
                    attributes[{word_3:String}]),
                start_ns) AS shown
        FROM lifecycle_spans
        WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
            AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
            AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
        GROUP BY key
    ),
    ends AS
    (
        SELECT
            concat(
                attributes[{key_1:String}], '\0', attributes[{key_2:String}], '\0',
                attributes[{key_3:String}], '\0', attributes[{key_4:String}]) AS key,
            min(start_ns + duration_ns) AS last_ns,
            argMin(
                concat(
                    lower(hex(concat(trace_id, span_id))),
                    attributes[{status_attribute:String}]),
                start_ns + duration_ns) AS end_ids_status
        FROM lifecycle_spans
        WHERE name IN {end_names:Array(String)}
            AND attributes[{status_attribute:String}] IN {terminal_statuses:Array(String)}
            AND start_ns >= {ends_from_ns:Int64}
            AND key GLOBAL IN (SELECT key FROM begins)
        GROUP BY key
    ),
    matching AS
    (
        SELECT
            begins.key AS key,
            begin_ns,
            begin_ids,
            last_ns AS end_ns,
            end_ids_status,
            if(end_ids_status = '', 'open', substring(end_ids_status, 49)) AS status,
            count() OVER () AS total
        FROM begins LEFT JOIN ends ON begins.key = ends.key
        WHERE ({status:String} = '' OR status = {status:String}) AND if(
            empty({words:Array(String)}),
            true,
            arrayAll(
                word -> position(lowerUTF8(concat(key, '\n', shown, '\n', status)), word) > 0,
                {words:Array(String)}))
    )
SELECT
    arraySlice(splitByChar('\0', key), 1, length({key_attributes:Array(String)})) AS key,
    begin_ns,
    substring(begin_ids, 1, 32) AS trace_id,
    substring(begin_ids, 33) AS span_id,
    end_ns,
    substring(end_ids_status, 1, 32) AS end_trace_id,
    substring(end_ids_status, 33, 16) AS end_span_id,
    status,
    begin_ns AS rank_ns,
    total
FROM matching
WHERE (begin_ns, begin_ids) < ({after_rank_ns:Int64}, {after_begin_ids:String})
ORDER BY begin_ns DESC, begin_ids DESC
LIMIT {rows_max:UInt32}
