-- By key, not by trace: of a lifecycle that is pruned nothing may stay in the lists. `first_bucket` stays as it was.
INSERT INTO {{lifecycle_spans}}
SELECT * REPLACE (toDateTime({target:UInt32}, 'UTC') AS bucket)
FROM {{lifecycle_spans}} AS source
WHERE source.bucket = toDateTime({bucket:UInt32}, 'UTC')
    AND (name IN {boundary_names:Array(String)} OR ({begin_prefix:String} != '' AND startsWith(name, {begin_prefix:String})))
    AND hasAll(mapKeys(attributes), {key_attributes:Array(String)})
    AND cityHash64(concat(
        attributes[{key_1:String}], '\0', attributes[{key_2:String}], '\0',
        attributes[{key_3:String}], '\0', attributes[{key_4:String}]))
        IN (SELECT toUInt64(arrayJoin({key_hashes:Array(String)})))
