import type { MessagePort } from 'node:worker_threads';
import type { Attributes } from '@opentelemetry/api';
import { ATTR, BAGGAGE_KEYS } from '@throughline/model/names';
import { INSTRUMENTATION_NAMES, type InstrumentationName } from '../instrumentation/names.ts';
import type { InstrumentationsConfig } from '../instrumentation/start-instrumentations.ts';
import type { MetricsEndpoint } from '../metrics/metrics-server.ts';
import type { RedactionRules } from '../privacy/redaction-rules.ts';
import { SAMPLER_NAMES, type SamplerConfig, type SamplerName } from '../sampling/create-sampler.ts';
import { Environment } from './environment.ts';
import { type ExporterConfig, type ExporterTls, readExporterConfig } from './exporter-config.ts';
import { RESOURCE_ATTRIBUTES, wordsOf } from './list-settings.ts';
import {
  BOOLEAN,
  integer,
  isObject,
  isTexts,
  limit,
  NAME,
  oneOf,
  optionOnly,
  RATIO,
  type SettingKind,
} from './setting-kinds.ts';
import type { SpanLimits } from './span-limits.ts';
import { readTrustConfig, type TrustConfig } from './trust-config.ts';

const PROPAGATOR_NAMES = ['tracecontext', 'baggage', 'compact', 'none'] as const;
export type PropagatorName = (typeof PROPAGATOR_NAMES)[number];

/**
 * Each overrides its environment variable (docs/reference/config.md); unset ones have a default. A
 * value that is not usable is told in one line of the log, and the variable or default is used.
 */
export interface TracingOptions {
  /** `OTEL_TRACING_ENABLED`, and not `OTEL_SDK_DISABLED`. Default true. */
  readonly enabled?: boolean | undefined;
  /**
   * `OTEL_SERVICE_NAME`, or `service.name` of `OTEL_RESOURCE_ATTRIBUTES`. Default
   * `unknown_service:node`.
   */
  readonly serviceName?: string | undefined;
  /** `SERVICE_VERSION`, or `service.version` of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly serviceVersion?: string | undefined;
  /** What else describes the service, on all of its spans: `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceAttributes?: Attributes | undefined;
  /** `OTEL_TRACES_EXPORTER`. `none`: context goes on with messages, but no span is sent. */
  readonly exporter?: 'otlp' | 'none' | undefined;
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
  /**
   * PEM text. `OTEL_EXPORTER_OTLP_CERTIFICATE`, `..._CLIENT_CERTIFICATE` and `..._CLIENT_KEY` name
   * files.
   */
  readonly tls?: ExporterTls | undefined;
  /** Instead of the network: hand the spans to the thread at the other end ({@link relaySpans}). */
  readonly relay?: MessagePort | undefined;
  /**
   * The share that is sampled, 0 to 1: `OTEL_SAMPLING_RATE`. Whole lifecycles are, unless a
   * `sampler` is named. Default 1.
   */
  readonly samplingRate?: number | undefined;
  /** `OTEL_TRACES_SAMPLER`. Default `lifecycle` with a rate, `parentbased_always_on` without. */
  readonly sampler?: SamplerName | undefined;
  /**
   * For `lifecycle`: of each lifecycle the attributes that name one. Default: `user.id` with
   * `client.order_id`.
   */
  readonly lifecycleKeys?: readonly (readonly string[])[] | undefined;
  /** What one span keeps: `OTEL_SPAN_*_LIMIT` and their kin. */
  readonly limits?: Partial<SpanLimits> | undefined;
  /**
   * How context travels: `OTEL_PROPAGATORS`. Default `['tracecontext', 'baggage']`. `compact` is a
   * short form of our own, instead of `tracecontext`; both are understood.
   */
  readonly propagators?: readonly PropagatorName[] | undefined;
  /** Spans held until they are exported: `OTEL_BSP_MAX_QUEUE_SIZE`. Default 131,072. */
  readonly queueSpansMax?: number | undefined;
  /** Encoded bytes held until they are exported. Default 64 MiB. */
  readonly queueBytesMax?: number | undefined;
  /** `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`. Default 2,048. */
  readonly batchSpansMax?: number | undefined;
  /** How long a span waits for its batch to fill: `OTEL_BSP_SCHEDULE_DELAY`. Default 1,000. */
  readonly delayMs?: number | undefined;
  /** For one request: `OTEL_EXPORTER_OTLP_TIMEOUT`, `OTEL_BSP_EXPORT_TIMEOUT`. Default 10,000. */
  readonly exportTimeoutMs?: number | undefined;
  /**
   * Baggage keys that may enter, leave and be copied onto spans. Default: the model's business ids.
   */
  readonly baggageKeys?: readonly string[] | undefined;
  /** What is hidden, in addition to the usual credentials. */
  readonly redaction?: RedactionRules | undefined;
  /**
   * Hosts that HTTP requests carry context to, besides those that are ours by their form: names,
   * `*.suffix`, addresses, or `*`. `OTEL_TRACING_TRUSTED_HOSTS`.
   */
  readonly trustedHosts?: readonly string[] | undefined;
  /**
   * Clients reach the HTTP server: their context is linked to, not continued.
   * `OTEL_TRACING_PUBLIC_ENDPOINT`. Default false.
   */
  readonly publicEndpoint?: boolean | undefined;
  /**
   * Trace libraries too: all that are installed, or those named. Default none.
   * `OTEL_NODE_ENABLED_INSTRUMENTATIONS` names some, `OTEL_NODE_DISABLED_INSTRUMENTATIONS` leaves
   * some out.
   */
  readonly instrumentations?: boolean | readonly InstrumentationName[] | undefined;
  /**
   * Serve the sdk's own metrics for Prometheus. `OTEL_EXPORTER_PROMETHEUS_PORT` and `..._HOST`. The
   * host is 127.0.0.1 by default; port 0 is any free one.
   */
  readonly metrics?: { readonly port: number; readonly host?: string | undefined } | undefined;
  /**
   * Serve OpenTelemetry's global API, and with it every instrumentation library, from this tracing.
   * By default the first one in a process does.
   */
  readonly global?: boolean | undefined;
  /** Where a line goes when spans get lost or a setting is not usable. Default: stderr. */
  readonly log?: ((message: string) => void) | undefined;
}

/** All settings, each usable. */
export interface TracingConfig extends ExporterConfig {
  readonly enabled: boolean;
  readonly serviceName: string;
  readonly serviceVersion: string | undefined;
  /** Without the service's name and version. */
  readonly resourceAttributes: Readonly<Attributes>;
  readonly relay: MessagePort | undefined;
  readonly sampler: SamplerConfig;
  readonly limits: SpanLimits;
  readonly propagation: PropagationConfig;
  readonly queueSpansMax: number;
  readonly queueBytesMax: number;
  /** At most `queueSpansMax`. */
  readonly batchSpansMax: number;
  readonly delayMs: number;
  readonly baggageKeys: readonly string[];
  readonly redaction: RedactionRules;
  readonly trust: TrustConfig;
  readonly instrumentations: InstrumentationsConfig;
  /** `undefined`: not served. */
  readonly metrics: MetricsEndpoint | undefined;
  readonly global: boolean;
  /** Never throws. */
  readonly log: (message: string) => void;
}

/** What is written into carriers. Either form is read from any. */
export interface PropagationConfig {
  readonly form: 'w3c' | 'compact' | 'none';
  readonly baggage: boolean;
}

/**
 * Options over environment over defaults. Never throws: a wrong setting must not stop a service.
 */
export function readTracingConfig(
  options: TracingOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): TracingConfig {
  const given: TracingOptions = isObject(options) ? options : {};
  const log = safeLog(given.log);
  const env = new Environment(given, environment, log);
  if (given !== options) env.warn('the options are not an object; the environment is used');
  const resource = env.read({
    option: 'resourceAttributes',
    variables: ['OTEL_RESOURCE_ATTRIBUTES'],
    kind: RESOURCE_ATTRIBUTES,
    otherwise: {},
  });
  const {
    [ATTR.serviceName]: name = '',
    [ATTR.serviceVersion]: version = '',
    ...resourceAttributes
  } = resource;
  const queueSpansMax = env.read({
    option: 'queueSpansMax',
    variables: ['OTEL_BSP_MAX_QUEUE_SIZE'],
    kind: integer(1),
    otherwise: 131_072,
  });
  return {
    enabled: readEnabled(env),
    serviceName: env.read({
      option: 'serviceName',
      variables: ['OTEL_SERVICE_NAME'],
      kind: NAME,
      otherwise: String(name) || 'unknown_service:node',
    }),
    serviceVersion: env.read<string | undefined>({
      option: 'serviceVersion',
      variables: ['SERVICE_VERSION'],
      kind: NAME,
      otherwise: String(version) || undefined,
    }),
    resourceAttributes,
    ...readExporterConfig(env),
    relay: env.read<MessagePort | undefined>({
      option: 'relay',
      kind: optionOnly('a MessagePort', isPort),
      otherwise: undefined,
    }),
    sampler: readSampler(env),
    limits: readLimits(env.under('limits')),
    propagation: readPropagation(env),
    queueSpansMax,
    queueBytesMax: env.read({
      option: 'queueBytesMax',
      kind: integer(1, Number.MAX_SAFE_INTEGER),
      otherwise: 64 * 1024 * 1024,
    }),
    batchSpansMax: env.read({
      option: 'batchSpansMax',
      variables: ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
      kind: integer(1, queueSpansMax),
      otherwise: Math.min(2_048, queueSpansMax),
    }),
    delayMs: env.read({
      option: 'delayMs',
      variables: ['OTEL_BSP_SCHEDULE_DELAY'],
      kind: integer(0),
      otherwise: 1_000,
    }),
    baggageKeys: env.read({
      option: 'baggageKeys',
      kind: optionOnly<readonly string[]>('a list of keys', isTexts),
      otherwise: BAGGAGE_KEYS,
    }),
    redaction: env.read({
      option: 'redaction',
      kind: optionOnly<RedactionRules>('redaction rules', isObject),
      otherwise: {},
    }),
    trust: readTrustConfig(env),
    instrumentations: readInstrumentations(env),
    metrics: readMetrics(env.under('metrics')),
    global: env.read({ option: 'global', kind: BOOLEAN, otherwise: true }),
    log,
  };
}

/** A log of the caller's own must not stop us either. */
function safeLog(log: unknown): (message: string) => void {
  const write = typeof log === 'function' ? log : (message: string) => console.warn(message);
  return (message) => {
    try {
      write(message);
    } catch {
      // There is nowhere left to tell it.
    }
  };
}

function readEnabled(env: Environment): boolean {
  return env.readOr({ option: 'enabled', kind: BOOLEAN }, () => {
    const isDisabled = env.boolean('OTEL_SDK_DISABLED') ?? false;
    return (env.boolean('OTEL_TRACING_ENABLED') ?? true) && !isDisabled;
  });
}

/** Who gives a rate but no sampler wants whole orders. */
function readSampler(env: Environment): SamplerConfig {
  const hasArgument = env.text('OTEL_TRACES_SAMPLER') !== undefined;
  let hasRatio = true;
  const ratio = env.readOr(
    {
      option: 'samplingRate',
      variables: [...(hasArgument ? ['OTEL_TRACES_SAMPLER_ARG'] : []), 'OTEL_SAMPLING_RATE'],
      kind: RATIO,
    },
    () => {
      hasRatio = false;
      return 1;
    },
  );
  // A rate that is an option wins over a sampler that is a variable.
  const isOption = env.option('samplingRate', RATIO) !== undefined;
  const name = env.readOr(
    {
      option: 'sampler',
      variables: isOption ? [] : ['OTEL_TRACES_SAMPLER'],
      kind: oneOf(SAMPLER_NAMES),
    },
    () => (hasRatio ? 'lifecycle' : 'parentbased_always_on'),
  );
  const lifecycleKeys = env.read<SamplerConfig['lifecycleKeys']>({
    option: 'lifecycleKeys',
    kind: optionOnly('a list of lists of attribute names', isLifecycleKeys),
    otherwise: undefined,
  });
  return { name, ratio, lifecycleKeys };
}

/** The defaults are OpenTelemetry's, but for links: a batch of orders has more than 128 members. */
function readLimits(env: Environment): SpanLimits {
  const count = (option: keyof SpanLimits, variable: string, min = 0, otherwise = 128): number =>
    env.read({ option, variables: [variable], kind: limit(min), otherwise });
  return {
    attributeValueLengthMax: env.read({
      option: 'attributeValueLengthMax',
      variables: ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
      kind: limit(0),
      otherwise: Number.POSITIVE_INFINITY,
    }),
    attributeCountMax: env.read({
      option: 'attributeCountMax',
      variables: ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
      kind: limit(0),
      otherwise: 128,
    }),
    eventCountMax: count('eventCountMax', 'OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCountMax: count('linkCountMax', 'OTEL_SPAN_LINK_COUNT_LIMIT', 1, 1_024),
    attributesPerEventMax: count('attributesPerEventMax', 'OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
    attributesPerLinkMax: count('attributesPerLinkMax', 'OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
  };
}

function readPropagation(env: Environment): PropagationConfig {
  const names: readonly PropagatorName[] = env.read({
    option: 'propagators',
    variables: ['OTEL_PROPAGATORS'],
    kind: wordsOf(PROPAGATOR_NAMES),
    otherwise: ['tracecontext', 'baggage'],
  });
  if (names.includes('none')) return { form: 'none', baggage: false };
  const form = names.includes('tracecontext') ? 'w3c' : 'none';
  return {
    form: names.includes('compact') ? 'compact' : form,
    baggage: names.includes('baggage'),
  };
}

const NAMES = wordsOf(INSTRUMENTATION_NAMES);
const BOOLEAN_OR_NAMES: SettingKind<boolean | readonly InstrumentationName[]> = {
  expected: `${BOOLEAN.expected}, or ${NAMES.expected}`,
  fromText: () => undefined,
  fromOption: (value) => BOOLEAN.fromOption(value) ?? NAMES.fromOption(value),
};

/** An operator can always leave a library out, whatever the program says. */
function readInstrumentations(env: Environment): InstrumentationsConfig {
  const list = (name: string): readonly InstrumentationName[] =>
    env.read({ variables: [name], kind: NAMES, otherwise: [] });
  const enabled = list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  const disabled = list('OTEL_NODE_DISABLED_INSTRUMENTATIONS');
  const wanted = env.readOr(
    { option: 'instrumentations', kind: BOOLEAN_OR_NAMES },
    () => enabled.length > 0,
  );
  const named = typeof wanted === 'boolean' ? enabled : wanted;
  const chosen = typeof wanted === 'boolean' && named.length === 0 ? INSTRUMENTATION_NAMES : named;
  return {
    names: wanted === false ? [] : chosen.filter((name) => !disabled.includes(name)),
    areNamed: named.length > 0,
  };
}

function readMetrics(env: Environment): MetricsEndpoint | undefined {
  const port = env.read<number | undefined>({
    option: 'port',
    variables: ['OTEL_EXPORTER_PROMETHEUS_PORT'],
    kind: integer(0, 65_535),
    otherwise: undefined,
  });
  if (port === undefined) return undefined;
  const host = env.read({
    option: 'host',
    variables: ['OTEL_EXPORTER_PROMETHEUS_HOST'],
    kind: NAME,
    otherwise: '127.0.0.1',
  });
  return { host, port };
}

function isLifecycleKeys(value: unknown): boolean {
  return Array.isArray(value) && value.every((key) => isTexts(key) && key.length > 0);
}

function isPort(value: unknown): boolean {
  return isObject(value) && typeof value.postMessage === 'function';
}
