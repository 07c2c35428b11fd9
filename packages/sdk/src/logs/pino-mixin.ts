import { isSpanContextValid, trace } from '@opentelemetry/api';

/** What a log record says of the span that it was written in; nothing outside of one. */
export interface LogCorrelation {
  /** 32 hexadecimal digits. */
  trace_id?: string;
  /** 16 hexadecimal digits. */
  span_id?: string;
  /** Two hexadecimal digits; `01`: the trace is sampled. */
  trace_flags?: string;
}

/**
 * For pino's option `mixin`: `pino({ mixin: pinoMixin() })` gives each record the ids of the active
 * span, by the names that OpenTelemetry has for logs in other formats than its own.
 */
export function pinoMixin(): () => LogCorrelation {
  return correlationOfActiveSpan;
}

function correlationOfActiveSpan(): LogCorrelation {
  const spanContext = trace.getActiveSpan()?.spanContext();
  // Pino writes the record's own fields into this object, so it has to be a new one.
  if (!spanContext || !isSpanContextValid(spanContext)) return {};
  const { traceId, spanId, traceFlags } = spanContext;
  const flags = traceFlags.toString(16).padStart(2, '0');
  return { trace_id: traceId, span_id: spanId, trace_flags: flags };
}
