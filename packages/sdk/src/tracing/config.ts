import type { MessagePort } from 'node:worker_threads';
import { BAGGAGE_KEYS } from '@throughline/model';
import { REDACTION_RULES, type RedactionRules } from '../privacy/redaction.ts';
import { Environment } from './environment.ts';

/**
 * Each overrides its environment variable (docs/reference/config.md); unset ones have a default.
 */
export interface TracingOptions {
  /** `OTEL_TRACING_ENABLED`, and not `OTEL_SDK_DISABLED`. Default true. */
  readonly enabled?: boolean | undefined;
  /** `OTEL_SERVICE_NAME`. Default `unknown_service:node`. */
  readonly serviceName?: string | undefined;
  /** `SERVICE_VERSION`. */
  readonly serviceVersion?: string | undefined;
  /**
   * The base address of the OTLP/HTTP receiver: `OTEL_EXPORTER_OTLP_ENDPOINT`, or `JAEGER_HOST`.
   * Default `http://localhost:4318`. `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is the full address
   * instead.
   */
  readonly endpoint?: string | undefined;
  /** `OTEL_EXPORTER_OTLP_HEADERS`, such as an authorization token. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** `OTEL_EXPORTER_OTLP_COMPRESSION`. Default `none`. */
  readonly compression?: 'gzip' | 'none' | undefined;
  /** Instead of the network: hand the spans to the thread at the other end ({@link relaySpans}). */
  readonly relay?: MessagePort | undefined;
  /**
   * The share of new traces that is sampled, 0 to 1: `OTEL_SAMPLING_RATE`. Parents decide for
   * children.
   */
  readonly samplingRate?: number | undefined;
  /** `OTEL_SPAN_LINK_COUNT_LIMIT`. Default 1024. */
  readonly linkCountLimit?: number | undefined;
  /** Spans held until they are exported: `OTEL_BSP_MAX_QUEUE_SIZE`. Default 32,768. */
  readonly queueSpansMax?: number | undefined;
  /** `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`. Default 512. */
  readonly batchSpansMax?: number | undefined;
  /** How long a span waits for its batch to fill: `OTEL_BSP_SCHEDULE_DELAY`. Default 1,000. */
  readonly delayMs?: number | undefined;
  /** For one batch, retries included: `OTEL_BSP_EXPORT_TIMEOUT`. Default 10,000. */
  readonly exportTimeoutMs?: number | undefined;
  /**
   * Baggage keys that may enter, leave and be copied onto spans. Default: the model's business ids.
   */
  readonly baggageKeys?: readonly string[] | undefined;
  /** Attributes whose values are hidden. Default: the usual names of credentials. */
  readonly redaction?: RedactionRules | undefined;
  /**
   * Serve OpenTelemetry's global API, and with it every instrumentation library, from this tracing.
   * By default the first one in a process does.
   */
  readonly global?: boolean | undefined;
  /** Where a line goes when spans get lost or a setting is not usable. Default: stderr. */
  readonly log?: ((message: string) => void) | undefined;
}

type SamplerName = 'always_on' | 'always_off' | 'traceidratio';

export interface TracingConfig {
  readonly enabled: boolean;
  readonly serviceName: string;
  readonly serviceVersion: string | undefined;
  readonly tracesUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly relay: MessagePort | undefined;
  readonly sampler: { name: SamplerName; ratio: number; isParentBased: boolean };
  readonly linkCountLimit: number;
  readonly queueSpansMax: number;
  readonly batchSpansMax: number;
  readonly delayMs: number;
  readonly exportTimeoutMs: number;
  readonly baggageKeys: readonly string[];
  readonly redaction: RedactionRules;
  readonly global: boolean;
  readonly log: (message: string) => void;
}

/** Jaeger's ports for other protocols than OTLP/HTTP: who names one still means that host. */
const JAEGER_OTHER_PORTS = new Set(['6831', '6832', '5778', '14250', '14268', '4317', '16686']);

/**
 * Options over environment over defaults, by the rules of OpenTelemetry's environment variables:
 * empty is unset, a boolean is true only for `true`, and what is not usable, even of the options,
 * is logged and ignored.
 */
export function readTracingConfig(
  options: TracingOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): TracingConfig {
  const log = options.log ?? ((message: string) => console.warn(message));
  const env = new Environment(environment, log);
  const queueSpansMax = env.integer('OTEL_BSP_MAX_QUEUE_SIZE', 1, options.queueSpansMax) ?? 32_768;
  const batchSpansMax =
    env.integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 1, options.batchSpansMax) ?? 512;
  return {
    enabled: options.enabled ?? isEnabled(env),
    serviceName: options.serviceName || (env.text('OTEL_SERVICE_NAME') ?? 'unknown_service:node'),
    serviceVersion: options.serviceVersion ?? env.text('SERVICE_VERSION'),
    tracesUrl: readTracesUrl(options, env),
    headers: options.headers ?? env.pairs('OTEL_EXPORTER_OTLP_HEADERS'),
    compression: options.compression ?? readCompression(env),
    relay: options.relay,
    sampler: readSampler(options.samplingRate, env),
    linkCountLimit: env.integer('OTEL_SPAN_LINK_COUNT_LIMIT', 1, options.linkCountLimit) ?? 1_024,
    queueSpansMax,
    batchSpansMax: Math.min(batchSpansMax, queueSpansMax),
    delayMs: env.integer('OTEL_BSP_SCHEDULE_DELAY', 0, options.delayMs) ?? 1_000,
    exportTimeoutMs: env.integer('OTEL_BSP_EXPORT_TIMEOUT', 1, options.exportTimeoutMs) ?? 10_000,
    baggageKeys: options.baggageKeys ?? BAGGAGE_KEYS,
    redaction: options.redaction ?? REDACTION_RULES,
    global: options.global ?? true,
    log,
  };
}

function isEnabled(env: Environment): boolean {
  return (env.boolean('OTEL_TRACING_ENABLED') ?? true) && !env.boolean('OTEL_SDK_DISABLED');
}

function readTracesUrl(options: TracingOptions, env: Environment): string {
  const path = '/v1/traces';
  const own = options.endpoint && env.url(options.endpoint, path);
  if (own) return own;
  const full = env.text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const base = env.text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const host = env.text('JAEGER_HOST');
  const port = env.text('JAEGER_PORT') ?? '4318';
  const jaeger = host && `http://${host}:${JAEGER_OTHER_PORTS.has(port) ? '4318' : port}`;
  return (
    (full && env.url(full, '')) ||
    (base && env.url(base, path)) ||
    (jaeger && env.url(jaeger, path)) ||
    `http://localhost:4318${path}`
  );
}

function readCompression(env: Environment): 'gzip' | 'none' {
  const text = env.text('OTEL_EXPORTER_OTLP_COMPRESSION') ?? 'none';
  if (text === 'gzip' || text === 'none') return text;
  env.ignore('OTEL_EXPORTER_OTLP_COMPRESSION', text, 'gzip or none');
  return 'none';
}

function readSampler(rate: number | undefined, env: Environment): TracingConfig['sampler'] {
  const text = env.text('OTEL_TRACES_SAMPLER');
  if (rate === undefined && text !== undefined) {
    const isParentBased = text.startsWith('parentbased_');
    const name = isParentBased ? text.slice('parentbased_'.length) : text;
    if (name === 'always_on' || name === 'always_off' || name === 'traceidratio') {
      return { name, ratio: env.ratio('OTEL_TRACES_SAMPLER_ARG') ?? 1, isParentBased };
    }
    env.ignore('OTEL_TRACES_SAMPLER', text, 'a sampler that is built in');
  }
  const ratio = env.ratio('OTEL_SAMPLING_RATE', rate);
  if (ratio === undefined) return { name: 'always_on', ratio: 1, isParentBased: true };
  return { name: 'traceidratio', ratio, isParentBased: true };
}
