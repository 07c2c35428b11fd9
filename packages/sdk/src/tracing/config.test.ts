import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { BAGGAGE_KEYS } from '@throughline/model';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { readTracingConfig, type TracingOptions } from './config.ts';

function read(environment: Record<string, string>, options: TracingOptions = {}) {
  const logged: string[] = [];
  const log = (message: string) => logged.push(message);
  return { config: readTracingConfig({ log, ...options }, environment), logged };
}

/** All settings but the log, which is another function each time. */
function settings(environment: Record<string, string>, options: TracingOptions = {}) {
  return { ...read(environment, options).config, log: undefined };
}

/** What a caller in JavaScript may pass. */
const anyOptions = (options: object) => options as TracingOptions;

test('docs/reference/config.md has every variable and every option, and no other', () => {
  const folder = import.meta.dirname;
  const page = readFileSync(join(folder, '../../../../docs/reference/config.md'), 'utf8');
  const table = page.slice(page.indexOf('## The sdk'), page.indexOf('### Libraries'));
  const sources = ['config.ts', 'exporter-config.ts', 'trust-config.ts'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  const quoted = sources.join().matchAll(/'((?:OTEL|SERVICE|JAEGER)_[A-Z_]+)'/g);
  const otlp = sources.join().matchAll(/(?:otlp|file)\('([A-Z_]+)'/g);
  const variables = new Set([
    ...[...quoted].map(([, name]) => name),
    ...[...otlp].flatMap(([, name]) => [
      `OTEL_EXPORTER_OTLP_${name}`,
      `OTEL_EXPORTER_OTLP_TRACES_${name}`,
    ]),
  ]);
  const documented = table.matchAll(/`((?:OTEL|SERVICE|JAEGER)_[A-Z_]+)`/g);
  expect([...new Set([...documented].map(([, name]) => name))].sort()).toEqual(
    [...variables].sort(),
  );
  const { config } = read({});
  const composed = ['tracesUrl', 'propagation', 'sampler', 'limits', 'metrics', 'tls', 'trust'];
  const options = [
    ...Object.keys(config).filter((name) => !composed.includes(name)),
    ...Object.keys(config.limits).map((name) => `limits.${name}`),
    ...['endpoint', 'propagators', 'sampler', 'samplingRate', 'lifecycleKeys'],
    ...Object.keys(config.trust),
    ...['metrics.port', 'metrics.host', 'tls.ca', 'tls.cert', 'tls.key'],
  ];
  const column = table.matchAll(/^\|[^|]*\| `([\w.]+)` \|/gm);
  expect([...column].map(([, name]) => name).sort()).toEqual(options.sort());
});

test('without any setting there is a default for everything', () => {
  const { config, logged } = read({});
  expect({ ...config, log: undefined }).toEqual({
    enabled: true,
    serviceName: 'unknown_service:node',
    serviceVersion: undefined,
    resourceAttributes: {},
    exporter: 'otlp',
    tracesUrl: 'http://localhost:4318/v1/traces',
    headers: {},
    compression: 'none',
    tls: undefined,
    relay: undefined,
    sampler: { name: 'parentbased_always_on', ratio: 1, lifecycleKeys: undefined },
    limits: {
      attributeValueLengthMax: Number.POSITIVE_INFINITY,
      attributeCountMax: 128,
      eventCountMax: 128,
      linkCountMax: 1_024,
      attributesPerEventMax: 128,
      attributesPerLinkMax: 128,
    },
    propagation: { form: 'w3c', baggage: true },
    queueSpansMax: 131_072,
    queueBytesMax: 67_108_864,
    batchSpansMax: 2_048,
    delayMs: 1_000,
    exportTimeoutMs: 10_000,
    baggageKeys: BAGGAGE_KEYS,
    redaction: {},
    trust: { trustedHosts: [], publicEndpoint: false },
    instrumentations: { names: [], areNamed: false },
    metrics: undefined,
    global: true,
    log: undefined,
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
  [{ OTEL_TRACING_ENABLED: 'true', OTEL_SDK_DISABLED: 'true' }, false],
])('%j enables tracing: %s', (environment, enabled) => {
  expect(read(environment as Record<string, string>).config.enabled).toBe(enabled);
});

test.each([
  ['OTEL_TRACING_ENABLED', '1'],
  ['OTEL_SDK_DISABLED', 'yes'],
  ['OTEL_TRACING_PUBLIC_ENDPOINT', '1'],
])('%s=%s is false, as OpenTelemetry has it, and a line says so', (name, value) => {
  const { logged } = read({ [name]: value });
  expect(logged).toEqual([`tracing: ${name} "${value}" is not true or false; false is used`]);
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1/' }, 'http://a:1/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a/base' }, 'https://a/base/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a/base/?k=1' }, 'https://a/base/v1/traces?k=1'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/x' },
    'http://b/x',
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', JAEGER_HOST: 'j' }, 'http://a:1/v1/traces'],
])('%j sends to %s', (environment, url) => {
  const { config, logged } = read(environment as Record<string, string>);
  expect(config.tracesUrl).toBe(url);
  expect(logged).toEqual([]);
});

test.each([
  [{ JAEGER_HOST: 'jaeger' }, 'http://jaeger:4318/v1/traces', 'JAEGER_HOST'],
  [{ JAEGER_HOST: '::1' }, 'http://[::1]:4318/v1/traces', 'JAEGER_HOST'],
  [
    { JAEGER_HOST: 'jaeger', JAEGER_PORT: '6831' },
    'http://jaeger:4318/v1/traces',
    'JAEGER_HOST and JAEGER_PORT',
  ],
  [
    { JAEGER_HOST: 'jaeger', JAEGER_PORT: '14318' },
    'http://jaeger:14318/v1/traces',
    'JAEGER_HOST and JAEGER_PORT',
  ],
  [{ JAEGER_PORT: '6832' }, 'http://localhost:4318/v1/traces', 'JAEGER_PORT'],
])('%j is mapped to %s, and a line says so', (environment, url, names) => {
  const { config, logged } = read(environment as Record<string, string>);
  expect(config.tracesUrl).toBe(url);
  expect(logged).toEqual([`tracing: ${names}: spans are sent by OTLP over HTTP to ${url}`]);
});

test('an option overrides its variable', () => {
  const environment = {
    OTEL_SERVICE_NAME: 'from-environment',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1',
    OTEL_SAMPLING_RATE: '0.5',
    OTEL_BSP_MAX_QUEUE_SIZE: '7',
    OTEL_SPAN_EVENT_COUNT_LIMIT: '7',
    OTEL_PROPAGATORS: 'none',
    OTEL_TRACING_ENABLED: 'false',
  };
  const options: TracingOptions = {
    serviceName: 'from-option',
    endpoint: 'http://b:2',
    samplingRate: 0.25,
    queueSpansMax: 9,
    limits: { eventCountMax: 3 },
    propagators: ['compact', 'baggage'],
    enabled: true,
  };
  expect(read(environment, options).config).toMatchObject({
    serviceName: 'from-option',
    tracesUrl: 'http://b:2/v1/traces',
    sampler: { name: 'lifecycle', ratio: 0.25 },
    queueSpansMax: 9,
    batchSpansMax: 9,
    limits: { eventCountMax: 3, linkCountMax: 1_024 },
    propagation: { form: 'compact', baggage: true },
    enabled: true,
  });
});

test('an option that is not usable leaves its variable in force', () => {
  const { config, logged } = read({ OTEL_BSP_MAX_QUEUE_SIZE: '7' }, { queueSpansMax: 0 });
  expect(config.queueSpansMax).toBe(7);
  expect(logged).toEqual([
    'tracing: the option queueSpansMax 0 is not a whole number from 1 to 2147483647; 7 is used',
  ]);
});

test.each([
  [{ OTEL_SAMPLING_RATE: '0.1' }, { name: 'lifecycle', ratio: 0.1 }],
  [{ OTEL_TRACES_SAMPLER: 'Always_Off' }, { name: 'always_off' }],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, { name: 'traceidratio', ratio: 1 }],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '.2' },
    { name: 'parentbased_traceidratio', ratio: 0.2 },
  ],
  [
    { OTEL_TRACES_SAMPLER: 'lifecycle', OTEL_SAMPLING_RATE: '0.3' },
    { name: 'lifecycle', ratio: 0.3 },
  ],
  [{ OTEL_TRACES_SAMPLER_ARG: '0.2' }, { name: 'parentbased_always_on', ratio: 1 }],
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, { name: 'parentbased_always_on', ratio: 1 }],
])('%j samples by %j', (environment, sampler) => {
  expect(read(environment as Record<string, string>).config.sampler).toMatchObject(sampler);
});

test('a rate that is an option wins over a sampler that is a variable', () => {
  const environment = { OTEL_TRACES_SAMPLER: 'always_off' };
  const { config } = read(environment, { samplingRate: 0.25 });
  expect(config.sampler).toMatchObject({ name: 'lifecycle', ratio: 0.25 });
  const named = read(environment, { samplingRate: 0.25, sampler: 'traceidratio' });
  expect(named.config.sampler).toMatchObject({ name: 'traceidratio', ratio: 0.25 });
});

test.each([
  ['tracecontext', { form: 'w3c', baggage: false }],
  ['tracecontext,baggage', { form: 'w3c', baggage: true }],
  [' Compact , baggage', { form: 'compact', baggage: true }],
  ['baggage', { form: 'none', baggage: true }],
  ['none', { form: 'none', baggage: false }],
])('OTEL_PROPAGATORS=%s writes %j', (OTEL_PROPAGATORS, propagation) => {
  const { config, logged } = read({ OTEL_PROPAGATORS });
  expect(config.propagation).toEqual(propagation);
  expect(logged).toEqual([]);
});

test('of a list the known words are used, and a line shows the list and what is used', () => {
  const { config, logged } = read({ OTEL_PROPAGATORS: 'b3,tracecontext' });
  expect(config.propagation).toEqual({ form: 'w3c', baggage: false });
  expect(logged).toEqual([
    'tracing: OTEL_PROPAGATORS "b3,tracecontext" is not a list of tracecontext, baggage, compact, none; ["tracecontext"] is used',
  ]);
});

test.each([
  ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', { attributeValueLengthMax: 7 }],
  ['OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', { attributeValueLengthMax: 7 }],
  ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', { attributeCountMax: 7 }],
  ['OTEL_ATTRIBUTE_COUNT_LIMIT', { attributeCountMax: 7 }],
  ['OTEL_SPAN_EVENT_COUNT_LIMIT', { eventCountMax: 7 }],
  ['OTEL_SPAN_LINK_COUNT_LIMIT', { linkCountMax: 7 }],
  ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', { attributesPerEventMax: 7 }],
  ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', { attributesPerLinkMax: 7 }],
])('%s=7 sets %j alone', (name, limits) => {
  expect(read({ [name]: '7' }).config.limits).toEqual({ ...read({}).config.limits, ...limits });
});

test.each([
  ['OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'],
  ['OTEL_BSP_EXPORT_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
])('%s is one request’s time, unless %s says otherwise', (name, better) => {
  expect(read({ [name]: '7' }).config.exportTimeoutMs).toBe(7);
  expect(read({ [name]: '7', [better]: '8' }).config.exportTimeoutMs).toBe(8);
});

test('resource attributes are decoded, and name the service unless it has a name', () => {
  const OTEL_RESOURCE_ATTRIBUTES =
    'service.name=from%20resource, service.version=2,deployment.environment=a%2Cb,empty=';
  expect(read({ OTEL_RESOURCE_ATTRIBUTES }).config).toMatchObject({
    serviceName: 'from resource',
    serviceVersion: '2',
    resourceAttributes: { 'deployment.environment': 'a,b', empty: '' },
  });
  const both = { OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME: 'own', SERVICE_VERSION: '3' };
  const { config } = read(both);
  expect(config).toMatchObject({ serviceName: 'own', serviceVersion: '3' });
  expect(Object.keys(config.resourceAttributes)).toEqual(['deployment.environment', 'empty']);
});

test.each([
  [{}, [], false],
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg,http' }, ['http', 'pg'], true],
  [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg' }, [], false],
  [
    {
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg,http',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg',
    },
    ['http'],
    true,
  ],
])('%j instruments %j', (environment, names, areNamed) => {
  const { config } = read(environment as Record<string, string>);
  expect(config.instrumentations).toEqual({ names, areNamed });
});

test('an operator chooses among all instrumentations, and can always leave one out', () => {
  const all = { instrumentations: true };
  expect(read({}, all).config.instrumentations).toEqual({
    names: ['http', 'undici', 'fastify', 'pg', 'redis'],
    areNamed: false,
  });
  const some = read({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg' }, all);
  expect(some.config.instrumentations).toEqual({ names: ['pg'], areNamed: true });
  const off = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg' };
  expect(read(off, { instrumentations: ['pg', 'redis'] }).config.instrumentations.names).toEqual([
    'redis',
  ]);
  const none = read({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg' }, { instrumentations: false });
  expect(none.config.instrumentations.names).toEqual([]);
});

test('trusted hosts are kept in the form they are compared in, and those that are none are told', () => {
  const OTEL_TRACING_TRUSTED_HOSTS = 'API.Partner.example., *.Desk.example,[2001:DB8:0::1], *';
  const trustedHosts = ['api.partner.example', '*.desk.example', '2001:db8::1', '*'];
  expect(read({ OTEL_TRACING_TRUSTED_HOSTS }).config.trust.trustedHosts).toEqual(trustedHosts);
  expect(read({ OTEL_TRACING_TRUSTED_HOSTS }, { trustedHosts: [] }).config.trust).toEqual({
    trustedHosts: [],
    publicEndpoint: false,
  });
  const { config, logged } = read({ OTEL_TRACING_TRUSTED_HOSTS: 'a.example, b.example:80' });
  expect(config.trust.trustedHosts).toEqual(['a.example']);
  expect(logged).toEqual([
    'tracing: OTEL_TRACING_TRUSTED_HOSTS "a.example, b.example:80" is not a list of host names, *.suffixes and addresses; ["a.example"] is used',
  ]);
});

test('an endpoint is public where that is said', () => {
  const environment = { OTEL_TRACING_PUBLIC_ENDPOINT: 'True' };
  expect(read(environment).config.trust.publicEndpoint).toBe(true);
  expect(read(environment, { publicEndpoint: false }).config.trust.publicEndpoint).toBe(false);
});

test('metrics are served where a port is given, on loopback unless a host is', () => {
  const OTEL_EXPORTER_PROMETHEUS_PORT = '9464';
  expect(read({ OTEL_EXPORTER_PROMETHEUS_HOST: '::' }).config.metrics).toBeUndefined();
  expect(read({ OTEL_EXPORTER_PROMETHEUS_PORT }).config.metrics).toEqual({
    host: '127.0.0.1',
    port: 9464,
  });
  const environment = { OTEL_EXPORTER_PROMETHEUS_PORT, OTEL_EXPORTER_PROMETHEUS_HOST: '::' };
  expect(read(environment).config.metrics).toEqual({ host: '::', port: 9464 });
  expect(read(environment, { metrics: { port: 0 } }).config.metrics).toEqual({
    host: '::',
    port: 0,
  });
});

test('headers are decoded, those for traces come first, and nothing of them is ever shown', () => {
  const { config, logged } = read({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-a = 1,hunter2,bad key=1,c=%0a,d=5%',
  });
  expect(config.headers).toEqual({ authorization: 'Bearer abc', 'x-a': '1', d: '5%' });
  expect(logged).toEqual([
    'tracing: OTEL_EXPORTER_OTLP_HEADERS is not a list of key=value pairs that HTTP headers can hold; what is wrong is left out',
  ]);
  const both = { OTEL_EXPORTER_OTLP_HEADERS: 'a=1', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2' };
  expect(read(both).config.headers).toEqual({ b: '2' });
  const option = read({}, anyOptions({ headers: { good: 'x', bad: 'hunter2\n', worse: 7 } }));
  expect(option.config.headers).toEqual({ good: 'x' });
  expect(option.logged).toHaveLength(1);
  expect(option.logged.join()).not.toContain('hunter2');
});

test('certificates and keys are read from files, and checked before anything is sent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = (name: string) => join(folder, name);
  for (const name of ['a', 'b']) {
    const paths = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
    execFileSync('openssl', ['req', '-x509', ...key, '-subj', `/CN=${name}`, ...paths], {
      stdio: 'ignore',
    });
  }
  writeFileSync(file('none'), 'no certificate');
  const readFiles = (ca: string, cert?: string, key?: string) =>
    read({
      OTEL_EXPORTER_OTLP_CERTIFICATE: file(ca),
      ...(cert ? { OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: file(cert) } : {}),
      ...(key ? { OTEL_EXPORTER_OTLP_CLIENT_KEY: file(key) } : {}),
    });
  const whole = readFiles('a.crt', 'b.crt', 'b.key');
  expect(whole.config.tls?.ca).toContain('BEGIN CERTIFICATE');
  expect(whole.config.tls?.key).toContain('PRIVATE KEY');
  expect(whole.logged).toEqual([]);
  expect(readFiles('a.crt').config.tls).toEqual({ ca: whole.config.tls?.ca });
  for (const wrong of [
    readFiles('none'),
    readFiles('missing'),
    readFiles('a.crt', 'a.crt', 'b.key'),
    readFiles('a.crt', 'a.crt'),
    readFiles('a.crt', 'a.key', 'none'),
  ]) {
    expect(wrong.logged.length).toBeGreaterThan(0);
    expect(wrong.config.tls?.cert).toBeUndefined();
    expect(wrong.config.tls?.key).toBeUndefined();
  }
  const { config, logged } = read({}, { tls: whole.config.tls });
  expect(config.tls).toEqual(whole.config.tls);
  expect(logged).toEqual([]);
});

/** Of every variable that can be wrong, values that are. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  OTEL_BSP_MAX_QUEUE_SIZE: ['many', '0', '-1', '1.5', '0x10', '1e3', '99999999999'],
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ['0', '131073', 'NaN'],
  OTEL_BSP_SCHEDULE_DELAY: ['-1', 'Infinity', '1s'],
  OTEL_BSP_EXPORT_TIMEOUT: ['0', '1.5'],
  OTEL_EXPORTER_OTLP_TIMEOUT: ['0', '10s'],
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: ['-5'],
  OTEL_SPAN_LINK_COUNT_LIMIT: ['0', 'NaN'],
  OTEL_SPAN_EVENT_COUNT_LIMIT: ['-1'],
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: ['-1'],
  OTEL_ATTRIBUTE_COUNT_LIMIT: ['none'],
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: ['-1'],
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: ['long'],
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: ['x'],
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: ['x'],
  OTEL_SAMPLING_RATE: ['2', '-0.1', 'NaN', '10%', '0x1'],
  OTEL_TRACES_SAMPLER: ['whatever', 'parentbased_lifecycle'],
  OTEL_TRACES_EXPORTER: ['zipkin', 'otlp,none'],
  OTEL_EXPORTER_OTLP_COMPRESSION: ['zstd'],
  OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', 'http/json'],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ['grpc'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['localhost:4318', 'http://', 'ftp://a', '/v1'],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['localhost'],
  OTEL_EXPORTER_OTLP_HEADERS: ['hunter2'],
  OTEL_EXPORTER_OTLP_CERTIFICATE: ['/no/such/file'],
  OTEL_EXPORTER_OTLP_CLIENT_KEY: ['/no/such/file'],
  OTEL_RESOURCE_ATTRIBUTES: ['service.name=a,b', '=1', 'a=%ZZ', `a=${'x'.repeat(2_000)}`],
  OTEL_PROPAGATORS: ['b3', ',,,jaeger'],
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: ['express'],
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: ['fs'],
  OTEL_EXPORTER_PROMETHEUS_PORT: ['65536', 'http'],
  OTEL_SERVICE_NAME: ['n'.repeat(2_000)],
  OTEL_TRACING_TRUSTED_HOSTS: ['http://a.example', 'a.example:80', '127.1', '10.0.0.0/8', '*a'],
};

test('every wrong variable is told in one line that names it, and the default is used', () => {
  const environments = fc
    .record(
      Object.fromEntries(
        Object.entries(WRONG).map(([name, values]) => [name, fc.constantFrom(...values)]),
      ),
      { requiredKeys: [] },
    )
    .map((environment) => environment as Record<string, string>);
  fc.assert(
    fc.property(environments, (environment) => {
      const { config, logged } = read(environment);
      expect({ ...config, log: undefined }).toEqual(settings({}));
      const named = logged.map((line) => /^tracing: (\w+)/.exec(line)?.[1]).sort();
      expect(named).toEqual(Object.keys(environment).sort());
      expect(logged.join()).not.toContain('hunter2');
    }),
  );
});

test('the argument of a sampler is told as well', () => {
  const { config, logged } = read({
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '5',
  });
  expect(config.sampler).toMatchObject({ name: 'traceidratio', ratio: 1 });
  expect(logged).toEqual([
    'tracing: OTEL_TRACES_SAMPLER_ARG "5" is not a number from 0 to 1; 1 is used',
  ]);
});

test.each([
  { enabled: 'yes' },
  { serviceName: 7 },
  { serviceName: '' },
  { serviceVersion: {} },
  { resourceAttributes: { a: {} } },
  { exporter: 'console' },
  { endpoint: 'nonsense' },
  { endpoint: 4318 },
  { headers: 'a=1' },
  { compression: 'br' },
  { tls: 'ca' },
  { tls: { ca: 'no certificate' } },
  { relay: 'port' },
  { samplingRate: 1.5 },
  { samplingRate: '0.5' },
  { sampler: 'mine' },
  { lifecycleKeys: ['user.id'] },
  { lifecycleKeys: [[]] },
  { limits: 7 },
  { limits: { linkCountMax: 0 } },
  { propagators: 'b3' },
  { queueSpansMax: 0 },
  { queueBytesMax: '1' },
  { batchSpansMax: Number.NaN },
  { delayMs: -1 },
  { exportTimeoutMs: Number.POSITIVE_INFINITY },
  { baggageKeys: ['a', 7] },
  { redaction: 'all' },
  { trustedHosts: 'a.example' },
  { trustedHosts: [7] },
  { publicEndpoint: 'yes' },
  { instrumentations: 'http' },
  { instrumentations: ['express'] },
  { metrics: 9464 },
  { metrics: { port: '9464' } },
  { global: 1 },
  { serviceName: Symbol('x') },
  { endpoint: Object.create(null) },
])('the option %o is told in one line that names it, and the default is used', (options) => {
  const { logged } = read({}, anyOptions(options));
  expect(settings({}, anyOptions(options))).toEqual(settings({}));
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain(`the option ${Object.keys(options)[0]}`);
});

test('a limit that is an option may be none', () => {
  const limits = { attributeValueLengthMax: Number.POSITIVE_INFINITY };
  const { config, logged } = read({ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '7' }, { limits });
  expect(config.limits.attributeValueLengthMax).toBe(Number.POSITIVE_INFINITY);
  expect(logged).toEqual([]);
});

test('a relay is a port', () => {
  const relay = new MessageChannel().port1;
  expect(read({}, { relay }).config.relay).toBe(relay);
});

test('no environment and no options make it throw', () => {
  const names = [...Object.keys(WRONG), 'JAEGER_HOST', 'JAEGER_PORT', 'OTEL_TRACES_SAMPLER_ARG'];
  const optionNames = ['log', ...Object.keys(read({}).config), 'endpoint', 'samplingRate'];
  const environments = fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' }));
  const options = fc.oneof(
    fc.dictionary(fc.constantFrom(...optionNames), fc.anything()),
    fc.anything(),
  );
  fc.assert(
    fc.property(environments, options, (environment, given) => {
      const silent = typeof given === 'object' && given !== null ? { log() {}, ...given } : given;
      readTracingConfig(silent as TracingOptions, environment);
    }),
  );
});

test('a log or an option that throws is survived', () => {
  const options = {
    log() {
      throw new TypeError('no log');
    },
    get serviceName() {
      throw new TypeError('no name');
    },
  };
  const config = readTracingConfig(anyOptions(options), { OTEL_SAMPLING_RATE: 'x' });
  expect(config.serviceName).toBe('unknown_service:node');
});
