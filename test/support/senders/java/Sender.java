import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Sends one trace with OpenTelemetry's Java SDK: {@code Sender grpc|http ENDPOINT}. Prints its id when it was
 * acknowledged.
 */
public final class Sender {
  public static void main(String[] args) {
    Resource resource =
        Resource.create(Attributes.builder().put("service.name", "sender").put("host.name", "here").build());
    SdkTracerProvider provider = SdkTracerProvider.builder().setResource(resource).build();
    Tracer tracer = provider.tracerBuilder("scope").setInstrumentationVersion("1.2.3").build();

    Span parent = tracer.spanBuilder("receive order").setSpanKind(SpanKind.SERVER).startSpan();
    Span child =
        tracer
            .spanBuilder("send order")
            .setParent(Context.root().with(parent))
            .setSpanKind(SpanKind.PRODUCER)
            .addLink(parent.getSpanContext(), Attributes.builder().put("fill.quantity", "0.5").build())
            .setAttribute("word", "ü 😀")
            .setAttribute("empty", "")
            .setAttribute("int", 9007199254740993L)
            .setAttribute("double", 0.25)
            .setAttribute("flag", false)
            .setAttribute(AttributeKey.stringArrayKey("words"), List.of("a", "b"))
            .setAttribute(AttributeKey.longArrayKey("ints"), List.of(1L, -2L))
            .startSpan();
    child.addEvent("sent", Attributes.builder().put("attempt", 1).build());
    child.setStatus(StatusCode.ERROR, "refused");
    child.end();
    parent.end();

    SpanExporter exporter =
        args[0].equals("grpc")
            ? OtlpGrpcSpanExporter.builder().setEndpoint(args[1]).build()
            : OtlpHttpSpanExporter.builder().setEndpoint(args[1] + "/v1/traces").build();
    boolean acknowledged =
        exporter
            .export(List.of(((ReadableSpan) parent).toSpanData(), ((ReadableSpan) child).toSpanData()))
            .join(30, TimeUnit.SECONDS)
            .isSuccess();
    exporter.shutdown().join(10, TimeUnit.SECONDS);
    if (!acknowledged) {
      System.err.println("not acknowledged");
      System.exit(1);
    }
    System.out.println(parent.getSpanContext().getTraceId());
  }
}
