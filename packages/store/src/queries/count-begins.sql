-- How many lifecycles begin in a stretch of time.
SELECT
    uniqExact(
        attributes[{key_1:String}], attributes[{key_2:String}],
        attributes[{key_3:String}], attributes[{key_4:String}]) AS total
FROM lifecycle_spans
WHERE (name IN {begin_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
    AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
    AND start_ns >= {start_ns:Int64} AND start_ns < {end_ns:Int64}
