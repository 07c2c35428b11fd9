-- How many spans begin a lifecycle in a stretch of time: the index knows, nearly nothing is read.
SELECT count() AS total
FROM lifecycle_spans
WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
    AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
