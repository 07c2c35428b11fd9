-- Lifecycles that begin in a stretch of time, as in list-begins.sql, but longest first; open ones count
-- until now. The longest can be anywhere: all of the stretch are grouped and joined, so of each nothing is
-- kept that neither its place nor its row needs. Ids are bytes until the end, which is half of their length.
WITH
    begins AS
    (
        SELECT
            concat(
                attributes[{key_1:String}], '\0', attributes[{key_2:String}], '\0',
                attributes[{key_3:String}], '\0', attributes[{key_4:String}]) AS key,
            min(start_ns) AS first_ns,
            argMin(concat(trace_id, span_id), start_ns) AS begin_ids,
            argMin(
                if(
                    empty({words:Array(String)}),
                    '',
                    concat(
                        attributes[{word_1:String}], '\n', attributes[{word_2:String}], '\n',
                        attributes[{word_3:String}])),
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
                concat(trace_id, span_id, attributes[{status_attribute:String}]),
                start_ns + duration_ns) AS end_ids_status
        FROM lifecycle_spans
        WHERE name IN {end_names:Array(String)}
            AND attributes[{status_attribute:String}] IN {terminal_statuses:Array(String)}
            AND start_ns >= {ends_from_ns:Int64}
        GROUP BY key
    ),
    matching AS
    (
        SELECT
            begins.key AS key,
            first_ns,
            begin_ids,
            last_ns,
            substring(end_ids_status, 1, 24) AS end_ids,
            if(end_ids_status = '', 'open', substring(end_ids_status, 25)) AS status,
            if(end_ids_status = '', {as_of_ns:Int64}, last_ns) - first_ns AS rank_ns,
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
    first_ns AS begin_ns,
    lower(hex(substring(begin_ids, 1, 16))) AS trace_id,
    lower(hex(substring(begin_ids, 17))) AS span_id,
    last_ns AS end_ns,
    lower(hex(substring(end_ids, 1, 16))) AS end_trace_id,
    lower(hex(substring(end_ids, 17))) AS end_span_id,
    status,
    rank_ns,
    total
FROM matching
WHERE (rank_ns, lower(hex(begin_ids))) < ({after_rank_ns:Int64}, {after_begin_ids:String})
ORDER BY rank_ns DESC, begin_ids DESC
LIMIT {rows_max:UInt32}
