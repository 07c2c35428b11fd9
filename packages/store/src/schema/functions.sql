-- How an OTLP value becomes columns. `kind` names the alternative that is present (otlp.proto).

-- A value inside JSON text. What a JSON number cannot carry exactly is a string. An inner map or
-- array stays encoded, as {"kvlist": base64} or {"array": base64}, for the reader to decode.
CREATE OR REPLACE FUNCTION otlpScalarJson AS (v) -> multiIf(
    v.kind = 'string', toJSONString(v.string),
    v.kind = 'int' AND abs(v.int) > 9007199254740991, concat('"', toString(v.int), '"'),
    v.kind = 'int', toString(v.int),
    v.kind = 'double' AND isFinite(v.double), toString(v.double),
    v.kind = 'double', concat('"', toString(v.double), '"'),
    v.kind = 'bool', if(v.bool != 0, 'true', 'false'),
    v.kind = 'bytes', concat('"', base64Encode(v.bytes), '"'),
    v.kind = 'kvlist', concat('{"kvlist":"', base64Encode(v.kvlist), '"}'),
    '""');

CREATE OR REPLACE FUNCTION otlpFlatJson AS (v) -> if(
    v.kind = 'array', concat('{"array":"', base64Encode(v.array), '"}'), otlpScalarJson(v));

CREATE OR REPLACE FUNCTION otlpValueJson AS (v) -> if(
    v.kind = 'array',
    concat('[', arrayStringConcat(arrayMap(e -> otlpFlatJson(e), v.array.elements), ','), ']'),
    otlpScalarJson(v));

-- The attributes of an event or a link, as one JSON object.
CREATE OR REPLACE FUNCTION otlpAttributesJson AS (attributes) -> concat('{', arrayStringConcat(
    arrayMap(a -> concat(toJSONString(a.key), ':', otlpFlatJson(a.value)), attributes), ','), '}');

-- The attributes of a span or a resource, by type. Keys and values are filtered as separate arrays:
-- an array of whole tuples would copy every alternative of every value. An absent value is the
-- empty string.
CREATE OR REPLACE FUNCTION otlpStrings AS (attributes) -> CAST(
    (
        arrayFilter(
            (k, kind) -> kind IN ('none', 'string', 'bytes'),
            attributes.key,
            attributes.value.kind),
        arrayFilter(
            (v, kind) -> kind IN ('none', 'string', 'bytes'),
            arrayMap(
                (s, b) -> if(notEmpty(b), base64Encode(b), s),
                attributes.value.string,
                attributes.value.bytes),
            attributes.value.kind)
    ),
    'Map(LowCardinality(String), String)');

CREATE OR REPLACE FUNCTION otlpInts AS (attributes) -> CAST(
    (
        arrayFilter((k, kind) -> kind = 'int', attributes.key, attributes.value.kind),
        arrayFilter((v, kind) -> kind = 'int', attributes.value.int, attributes.value.kind)
    ),
    'Map(LowCardinality(String), Int64)');

CREATE OR REPLACE FUNCTION otlpFloats AS (attributes) -> CAST(
    (
        arrayFilter((k, kind) -> kind = 'double', attributes.key, attributes.value.kind),
        arrayFilter((v, kind) -> kind = 'double', attributes.value.double, attributes.value.kind)
    ),
    'Map(LowCardinality(String), Float64)');

CREATE OR REPLACE FUNCTION otlpBools AS (attributes) -> CAST(
    (
        arrayFilter((k, kind) -> kind = 'bool', attributes.key, attributes.value.kind),
        arrayFilter(
            (v, kind) -> kind = 'bool',
            arrayMap(b -> b != 0, attributes.value.bool),
            attributes.value.kind)
    ),
    'Map(LowCardinality(String), Bool)');

CREATE OR REPLACE FUNCTION otlpJson AS (attributes, kinds) -> CAST(
    arrayMap(
        a -> (a.key, otlpValueJson(a.value)),
        arrayFilter((a, kind) -> has(kinds, toString(kind)), attributes, attributes.value.kind)),
    'Map(LowCardinality(String), String)');

-- An id has its length and is not all zero.
CREATE OR REPLACE FUNCTION otlpIsId AS (id, bytes) ->
    length(id) = bytes AND notEmpty(trimBoth(id, '\0'))
