INSERT INTO {{spans}}
SELECT * REPLACE (toDateTime({target:UInt32}, 'UTC') AS bucket)
FROM {{spans}} AS source
WHERE source.bucket = toDateTime({bucket:UInt32}, 'UTC')
    AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
