import { expect, test } from 'vitest';
import { readTracingConfig, type TracingOptions } from './config.ts';

function read(environment: Record<string, string>, options: TracingOptions = {}) {
  const logged: string[] = [];
  const log = (message: string) => logged.push(message);
  return { config: readTracingConfig({ log, ...options }, environment), logged };
}

test('without any setting there is a default for everything', () => {
  const { config, logged } = read({});
  expect(config).toMatchObject({
    enabled: true,
    serviceName: 'unknown_service:node',
    tracesUrl: 'http://localhost:4318/v1/traces',
    compression: 'none',
    sampler: { name: 'always_on', isParentBased: true },
    linkCountLimit: 1_024,
    queueSpansMax: 32_768,
    batchSpansMax: 512,
  });
  expect(logged).toEqual([]);
});

test.each([
  [{ OTEL_TRACING_ENABLED: 'TRUE' }, true],
  [{ OTEL_TRACING_ENABLED: 'false' }, false],
  [{ OTEL_TRACING_ENABLED: '' }, true],
  [{ OTEL_TRACING_ENABLED: '1' }, false],
  [{ OTEL_SDK_DISABLED: 'true' }, false],
  [{ OTEL_SDK_DISABLED: 'no' }, true],
])('%j enables tracing: %s', (environment, enabled) => {
  expect(read(environment as Record<string, string>).config.enabled).toBe(enabled);
});

test.each([
  [{ JAEGER_HOST: 'jaeger' }, 'http://jaeger:4318/v1/traces'],
  [{ JAEGER_HOST: 'jaeger', JAEGER_PORT: '6831' }, 'http://jaeger:4318/v1/traces'],
  [{ JAEGER_HOST: 'jaeger', JAEGER_PORT: '14318' }, 'http://jaeger:14318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1/' }, 'http://a:1/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a/base' }, 'https://a/base/v1/traces'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/x' },
    'http://b/x',
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', JAEGER_HOST: 'j' }, 'http://a:1/v1/traces'],
])('%j sends to %s', (environment, url) => {
  expect(read(environment as Record<string, string>).config.tracesUrl).toBe(url);
});

test('an option overrides its variable', () => {
  const environment = {
    OTEL_SERVICE_NAME: 'from-environment',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1',
    OTEL_SAMPLING_RATE: '0.5',
    OTEL_BSP_MAX_QUEUE_SIZE: '7',
  };
  const options = {
    serviceName: 'from-option',
    endpoint: 'http://b:2',
    samplingRate: 0.25,
    queueSpansMax: 9,
  };
  expect(read(environment, options).config).toMatchObject({
    serviceName: 'from-option',
    tracesUrl: 'http://b:2/v1/traces',
    sampler: { name: 'traceidratio', ratio: 0.25 },
    queueSpansMax: 9,
    batchSpansMax: 9,
  });
});

test.each([
  [{ OTEL_SAMPLING_RATE: '0.1' }, { name: 'traceidratio', ratio: 0.1, isParentBased: true }],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, { name: 'always_off', isParentBased: false }],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.2' },
    { name: 'traceidratio', ratio: 0.2, isParentBased: true },
  ],
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, { name: 'always_on', isParentBased: true }],
])('%j samples by %j', (environment, sampler) => {
  expect(read(environment as Record<string, string>).config.sampler).toMatchObject(sampler);
});

test.each([
  ['OTEL_BSP_MAX_QUEUE_SIZE', 'many'],
  ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '0'],
  ['OTEL_BSP_SCHEDULE_DELAY', '-1'],
  ['OTEL_BSP_EXPORT_TIMEOUT', '1.5'],
  ['OTEL_BSP_EXPORT_TIMEOUT', '99999999999'],
  ['OTEL_SPAN_LINK_COUNT_LIMIT', 'NaN'],
  ['OTEL_SAMPLING_RATE', '2'],
  ['OTEL_TRACES_SAMPLER', 'whatever'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
])('%s=%s is ignored with a line that names it', (name, value) => {
  const { config, logged } = read({ [name]: value });
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain(name);
  expect({ ...config, log: undefined }).toEqual({ ...read({}).config, log: undefined });
});

test.each([
  { queueSpansMax: 0 },
  { batchSpansMax: Number.NaN },
  { delayMs: -1 },
  { exportTimeoutMs: Number.POSITIVE_INFINITY },
  { linkCountLimit: 0 },
  { samplingRate: 1.5 },
  { endpoint: 'nonsense' },
])('the option %o is ignored with a line as well', (options) => {
  const { config, logged } = read({}, options);
  expect(logged).toHaveLength(1);
  expect({ ...config, log: undefined }).toEqual({ ...read({}).config, log: undefined });
});

test('an address that is none is ignored with a line that shows it', () => {
  const { config, logged } = read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' });
  expect(config.tracesUrl).toBe('http://localhost:4318/v1/traces');
  expect(logged[0]).toContain('localhost:4318');
});

test('headers are decoded, and a pair that is none is ignored without being shown', () => {
  const { config, logged } = read({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-a = 1,hunter2,bad key=1,c=%0a',
  });
  expect(config.headers).toEqual({ authorization: 'Bearer abc', 'x-a': '1' });
  expect(logged).toHaveLength(3);
  expect(logged.join()).not.toContain('hunter2');
});
