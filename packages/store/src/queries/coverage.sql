-- How the contexts of consumed messages fared, by hop. A message is a consumer's span; what sent it is the
-- span whose ids it carried, its parent. Batches that were received (`receive`, a root with links) are left out:
-- their messages have spans of their own. A sender that had no answer sends again, so a span can be stored
-- twice: it counts once.
WITH
    consumers AS
    (
        SELECT
            trace_id, span_id, parent_span_id, service AS consumer, dropped_links, start_ns,
            parent_span_id = toFixedString('', 8) AS is_root,
            attributes_string[{system_key:String}] AS system,
            multiIf(
                attributes_bool[{temporary_key:String}], '',
                attributes_string[{template_key:String}] != '', attributes_string[{template_key:String}],
                attributes_string[{destination_key:String}]) AS destination,
            attributes_string[{received_key:String}] AS received,
            multiIf(
                received IN ('missing', 'malformed'), received,
                attributes_string[{correlation_key:String}] = 'missed', 'missed',
                is_root AND empty(links.span_id), 'missing',
                'usable') AS context
        FROM spans
        PREWHERE kind = 'consumer' AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
        WHERE system != '' AND received != 'untrusted'
            AND NOT (is_root AND attributes_string[{operation_key:String}] = 'receive')
        ORDER BY start_ns DESC
        LIMIT 1 BY trace_id, span_id
        LIMIT {messages_max:UInt32}
    ),
    producers AS
    (
        SELECT trace_id, span_id AS producer_span_id, service AS producer
        FROM spans
        PREWHERE start_ns >= {producers_from_ns:Int64}
        WHERE (trace_id, span_id) GLOBAL IN (SELECT trace_id, parent_span_id FROM consumers WHERE NOT is_root)
    )
SELECT
    producer, system, destination, consumer,
    count() AS consumed,
    countIf(context = 'missing') AS missing,
    countIf(context = 'malformed') AS malformed,
    countIf(context = 'missed') AS missed,
    countIf(is_orphaned) AS orphaned,
    sum(dropped_links) AS links_dropped,
    lower(hex(anyIf(trace_id, context != 'usable' OR is_orphaned))) AS lost_trace_id,
    lower(hex(any(trace_id))) AS any_trace_id,
    sum(consumed) OVER () AS messages
FROM
(
    SELECT
        *,
        context = 'usable' AND NOT is_root AND producer_span_id = toFixedString('', 8)
            AND start_ns < {orphans_before_ns:Int64} AS is_orphaned
    FROM consumers
    LEFT ANY JOIN producers
        ON producers.trace_id = consumers.trace_id
            AND producers.producer_span_id = consumers.parent_span_id
)
GROUP BY producer, system, destination, consumer
ORDER BY consumed DESC, consumer, destination, producer, system
LIMIT {rows_max:UInt32}
