-- Before the spans that name them are dropped.
INSERT INTO {{origins}}
SELECT * REPLACE (toDateTime({target:UInt32}, 'UTC') AS bucket)
FROM {{origins}} AS source
WHERE source.bucket = toDateTime({bucket:UInt32}, 'UTC')
    AND origin_id IN
    (
        SELECT origin_id FROM {{spans}}
        WHERE bucket = toDateTime({bucket:UInt32}, 'UTC')
            AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
    )
