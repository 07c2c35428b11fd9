// Sends one trace with OpenTelemetry's Go SDK: `sender grpc|http ENDPOINT`. Prints its id when it was acknowledged.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSyncer(spans),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "sender"),
			attribute.String("host.name", "here"),
		)),
	)
	tracer := provider.Tracer("scope", trace.WithInstrumentationVersion("1.2.3"))

	inParent, parent := tracer.Start(ctx, "receive order", trace.WithSpanKind(trace.SpanKindServer))
	_, child := tracer.Start(inParent, "send order",
		trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithLinks(trace.Link{
			SpanContext: parent.SpanContext(),
			Attributes:  []attribute.KeyValue{attribute.String("fill.quantity", "0.5")},
		}),
		trace.WithAttributes(
			attribute.String("word", "ü 😀"),
			attribute.String("empty", ""),
			attribute.Int64("int", 9007199254740993),
			attribute.Float64("double", 0.25),
			attribute.Bool("flag", false),
			attribute.StringSlice("words", []string{"a", "b"}),
			attribute.Int64Slice("ints", []int64{1, -2}),
		))
	child.AddEvent("sent", trace.WithAttributes(attribute.Int("attempt", 1)))
	child.SetStatus(codes.Error, "refused")
	child.End()
	parent.End()

	exporter, err := exporterTo(ctx, os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := exporter.ExportSpans(ctx, spans.GetSpans().Snapshots()); err != nil {
		log.Fatal(err)
	}
	if err := exporter.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(parent.SpanContext().TraceID())
}

func exporterTo(ctx context.Context, protocol, endpoint string) (*otlptrace.Exporter, error) {
	if protocol == "grpc" {
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(endpoint))
	}
	return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint+"/v1/traces"))
}
