-- How OTLP attributes become columns, by the type of their values. `kind` names the alternative that
-- is present (otlp.proto). Keys and values are filtered as separate arrays: an array of whole tuples
-- would copy every alternative of every value.
CREATE OR REPLACE FUNCTION otlpStrings AS (attributes) -> mapFromArrays(
    arrayFilter((k, kind) -> kind = 'string', attributes.key, attributes.value.kind),
    arrayFilter((v, kind) -> kind = 'string', attributes.value.string, attributes.value.kind));

CREATE OR REPLACE FUNCTION otlpInts AS (attributes) -> mapFromArrays(
    arrayFilter((k, kind) -> kind = 'int', attributes.key, attributes.value.kind),
    arrayFilter((v, kind) -> kind = 'int', attributes.value.int, attributes.value.kind));

CREATE OR REPLACE FUNCTION otlpFloats AS (attributes) -> mapFromArrays(
    arrayFilter((k, kind) -> kind = 'double', attributes.key, attributes.value.kind),
    arrayFilter((v, kind) -> kind = 'double', attributes.value.double, attributes.value.kind));

CREATE OR REPLACE FUNCTION otlpBools AS (attributes) -> mapFromArrays(
    arrayFilter((k, kind) -> kind = 'bool', attributes.key, attributes.value.kind),
    arrayFilter(
        (v, kind) -> kind = 'bool',
        arrayMap(b -> b != 0, attributes.value.bool),
        attributes.value.kind));

-- Values that no column type holds exactly: the first letter of the kind (array, kvlist, bytes, none),
-- then the value's bytes as they were sent.
CREATE OR REPLACE FUNCTION otlpOthers AS (attributes) -> mapFromArrays(
    arrayFilter(
        (k, kind) -> kind IN ('none', 'array', 'kvlist', 'bytes'),
        attributes.key,
        attributes.value.kind),
    arrayFilter(
        (v, kind) -> kind IN ('none', 'array', 'kvlist', 'bytes'),
        arrayMap(
            (kind, a, m, b) -> concat(substring(toString(kind), 1, 1), a, m, b),
            attributes.value.kind,
            attributes.value.array,
            attributes.value.kvlist,
            attributes.value.bytes),
        attributes.value.kind))
