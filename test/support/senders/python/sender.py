"""Sends one trace with OpenTelemetry's Python SDK: `sender.py grpc|http ENDPOINT`. Prints its id when it was acknowledged."""

import sys

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context

protocol, endpoint = sys.argv[1:]
spans = InMemorySpanExporter()
provider = TracerProvider(resource=Resource.create({"service.name": "sender", "host.name": "here"}))
provider.add_span_processor(SimpleSpanProcessor(spans))
tracer = provider.get_tracer("scope", "1.2.3")

parent = tracer.start_span("receive order", kind=SpanKind.SERVER)
child = tracer.start_span(
    "send order",
    context=set_span_in_context(parent),
    kind=SpanKind.PRODUCER,
    links=[Link(parent.get_span_context(), {"fill.quantity": "0.5"})],
    attributes={
        "word": "ü 😀",
        "empty": "",
        "int": 9007199254740993,
        "double": 0.25,
        "flag": False,
        "words": ["a", "b"],
        "ints": [1, -2],
    },
)
child.add_event("sent", {"attempt": 1})
child.set_status(Status(StatusCode.ERROR, "refused"))
child.end()
parent.end()

if protocol == "grpc":
    exporter = GrpcExporter(endpoint=endpoint, insecure=True)
else:
    exporter = HttpExporter(endpoint=f"{endpoint}/v1/traces")
if exporter.export(spans.get_finished_spans()) is not SpanExportResult.SUCCESS:
    sys.exit("not acknowledged")
exporter.shutdown()
print(format(parent.get_span_context().trace_id, "032x"))
