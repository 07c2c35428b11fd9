SELECT count() AS spans
FROM spans
WHERE bucket = toDateTime({bucket:UInt32}, 'UTC')
    AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
