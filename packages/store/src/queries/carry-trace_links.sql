INSERT INTO {{trace_links}}
SELECT * REPLACE (toDateTime({target:UInt32}, 'UTC') AS bucket)
FROM {{trace_links}} AS source
WHERE source.bucket = toDateTime({bucket:UInt32}, 'UTC')
    AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
