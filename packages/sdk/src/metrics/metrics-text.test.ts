import { ROOT_CONTEXT } from '@opentelemetry/api';
import { Counter, Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { consume } from '../messaging/consumer.ts';
import { testTracing } from '../testing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { metricsText, metricsTextByService } from './metrics-text.ts';

/** The value of one sample. */
function sample(tracing: Tracing, name: string): number {
  const line = metricsText(tracing)
    .split('\n')
    .find((text) => text.startsWith(`throughline_sdk_${name} `));
  return Number(line?.split(' ').at(-1));
}

test('spans are counted as they start, end, wait and get lost', () => {
  const tracing = testTracing({ queueSpansMax: 3, limits: { linkCountMax: 1 } });
  const context = tracing.tracer.startSpan('linked', {}, ROOT_CONTEXT).spanContext();
  for (let index = 0; index < 5; index += 1) {
    tracing.tracer.startSpan('x', { links: [{ context }, { context }] }, ROOT_CONTEXT).end();
  }
  expect(sample(tracing, 'spans_started_total')).toBe(6);
  expect(sample(tracing, 'spans_ended_total')).toBe(5);
  expect(sample(tracing, 'queue_spans')).toBe(3);
  expect(sample(tracing, 'queue_spans_limit')).toBe(3);
  expect(sample(tracing, 'queue_bytes')).toBeGreaterThan(100);
  expect(sample(tracing, 'queue_bytes_limit')).toBe(67_108_864);
  expect(sample(tracing, 'spans_dropped_total{reason="queue_full"}')).toBe(2);
  expect(sample(tracing, 'spans_dropped_total{reason="shutdown"}')).toBe(0);
  expect(sample(tracing, 'spans_exported_total')).toBe(0);
  expect(sample(tracing, 'spans_relayed_total')).toBe(0);
  expect(sample(tracing, 'links_dropped_total')).toBe(5);
});

test('messages are counted by what their context was worth', () => {
  const tracing = testTracing();
  const good = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  for (const carrier of [good, good, {}, { traceparent: 'nonsense' }]) {
    consume(tracing, 'process x', { system: 'nats', carrier }, () => undefined);
  }
  expect(sample(tracing, 'messages_consumed_total{outcome="with_context"}')).toBe(2);
  expect(sample(tracing, 'messages_consumed_total{outcome="without_context"}')).toBe(1);
  expect(sample(tracing, 'messages_consumed_total{outcome="malformed"}')).toBe(1);
});

test('registries report as one', () => {
  const tracing = testTracing();
  const spanContext = tracing.tracer.startSpan('x').spanContext();
  const registry = tracing.createRegistry({ entriesMax: 1 });
  registry.set('a', spanContext);
  registry.set('b', spanContext);
  registry.get('a');
  registry.get('b');
  tracing.createRegistry().get('c');
  expect(sample(tracing, 'registry_entries')).toBe(1);
  expect(sample(tracing, 'registry_hits_total')).toBe(1);
  expect(sample(tracing, 'registry_misses_total')).toBe(2);
  expect(sample(tracing, 'registry_evictions_total{reason="size"}')).toBe(1);
  expect(sample(tracing, 'registry_evictions_total{reason="age"}')).toBe(0);
  expect(sample(tracing, 'registry_shared_reads_total{outcome="hit"}')).toBe(0);
});

test('of several services in one process each has its label, and a metric is described once', () => {
  const gateway = testTracing();
  gateway.tracer.startSpan('x', {}, ROOT_CONTEXT).end();
  const stats = { gateway: gateway.stats(), 'the "desk"': testTracing().stats() };
  const lines = metricsTextByService(stats).split('\n');
  const of = (name: string) => lines.filter((line) => line.includes(`throughline_sdk_${name}`));
  expect(of('spans_ended_total')).toEqual([
    '# HELP throughline_sdk_spans_ended_total Recorded spans that ended.',
    '# TYPE throughline_sdk_spans_ended_total counter',
    'throughline_sdk_spans_ended_total{service="gateway"} 1',
    'throughline_sdk_spans_ended_total{service="the \\"desk\\""} 0',
  ]);
  const dropped = 'throughline_sdk_spans_dropped_total{service="gateway",reason="queue_full"} 0';
  expect(lines).toContain(dropped);
});

test('the text is what Prometheus’ own client writes, to the letter', async () => {
  const tracing = testTracing({ queueSpansMax: 2 });
  for (let index = 0; index < 5; index += 1) tracing.tracer.startSpan('x').end();
  const text = metricsText(tracing);
  const registry = new Registry();
  for (const block of text.split('\n\n')) {
    const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/m.exec(block) ?? [];
    const type = /^# TYPE \S+ (\w+)$/m.exec(block)?.[1];
    const samples = [...block.matchAll(/^[a-z]\w*(?:\{(\w+)="(\w+)"\})? (\S+)$/gm)];
    const label = samples[0]?.[1];
    const options = { name, help, labelNames: label ? [label] : [], registers: [registry] };
    const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
    for (const [, key, value = '', number] of samples) {
      metric.inc(key ? { [key]: value } : {}, Number(number));
    }
  }
  expect(text).toBe(await registry.metrics());
});

test('disabled, all is zero', () => {
  const values = metricsText(testTracing({ enabled: false, queueSpansMax: 7 }))
    .split('\n')
    .filter((line) => !line.startsWith('#') && line !== '' && !line.includes('_limit'))
    .map((line) => line.split(' ').at(-1));
  expect(new Set(values)).toEqual(new Set(['0']));
});
