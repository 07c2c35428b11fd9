-- The ids of the lifecycles that are carried, and of their traces what names no lifecycle: one that shares a trace
-- with them but is pruned must not be found by halves.
INSERT INTO {{correlation}}
SELECT * REPLACE (toDateTime({target:UInt32}, 'UTC') AS bucket)
FROM {{correlation}} AS source
WHERE source.bucket = toDateTime({bucket:UInt32}, 'UTC')
    AND if(
        has({id_keys:Array(String)}, key),
        key = {id_key:String} AND value IN {ids:Array(String)},
        trace_id IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16)))
