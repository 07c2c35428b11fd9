-- When that begin span started which has so many newer ones; no row when there are not so many. In the
-- table's order, so that no more is read than that many times.
SELECT start_ns
FROM lifecycle_spans
WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
    AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
ORDER BY start_ns DESC
LIMIT 1 OFFSET {newer:UInt32}
