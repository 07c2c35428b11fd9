import type { Tracing, TracingStats } from '../tracing/tracing.ts';
import { portFailures } from './port-failures.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly value: number;
  /** Such as `reason="queue_full"`, several with commas between. */
  readonly label?: string;
}

const PREFIX = 'throughline_sdk';

/**
 * The sdk's own metrics in Prometheus' text format, for a service that serves metrics of its own:
 * append it to them. Written by hand, since a library of metrics would keep the counts that
 * {@link Tracing.stats} has once more, to write them in a format of three kinds of lines.
 */
export function metricsText(tracing: Pick<Tracing, 'stats'>): string {
  return metricsOf(tracing.stats()).map(textOf).join('\n');
}

/**
 * The same of several tracings in one process, its threads included: each sample has the label
 * `service`.
 *
 * @param stats by service name, as {@link Tracing.stats} tells them
 */
export function metricsTextByService(stats: Readonly<Record<string, TracingStats>>): string {
  const byName = new Map<string, Metric>();
  for (const [service, ofService] of Object.entries(stats)) {
    const own = `service="${escaped(service)}"`;
    for (const metric of metricsOf(ofService)) {
      const samples = metric.samples.map(({ value, label }) => ({
        value,
        label: label ? `${own},${label}` : own,
      }));
      const before = byName.get(metric.name)?.samples ?? [];
      byName.set(metric.name, { ...metric, samples: [...before, ...samples] });
    }
  }
  return [...byName.values()].map(textOf).join('\n');
}

/** As Prometheus' text format has it in the value of a label. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function metricsOf(stats: TracingStats): Metric[] {
  return [...spanMetrics(stats), ...messageMetrics(stats), ...registryMetrics(stats)];
}

function spanMetrics(stats: TracingStats): Metric[] {
  const { dropped } = stats;
  return [
    counter('spans_started', 'Spans that were started and recorded.', stats.started),
    counter('spans_ended', 'Recorded spans that ended.', stats.ended),
    counter('spans_relayed', 'Spans taken over from other threads.', stats.relayed),
    counter('spans_exported', 'Spans that the receiver took.', stats.exported),
    labelled('spans_dropped', 'Spans that were lost, by reason.', 'reason', {
      queue_full: dropped.queueFull,
      export_failed: dropped.exportFailed,
      rejected: dropped.rejected,
      shutdown: dropped.shutdown,
    }),
    gauge('queue_spans', 'Spans waiting or under way.', stats.queued),
    gauge('queue_spans_limit', 'Spans that the queue holds at most.', stats.queueSpansMax),
    gauge('queue_bytes', 'Encoded bytes waiting or under way.', stats.queuedBytes),
    gauge('queue_bytes_limit', 'Encoded bytes that the queue holds at most.', stats.queueBytesMax),
    counter('links_dropped', 'Links that did not fit on their span.', stats.linksDropped),
    counter('metrics_port_failures', 'Ports not listened on.', portFailures.count),
  ];
}

function messageMetrics({ messages }: TracingStats): Metric[] {
  const help = 'Messages consumed, by trace context; with_context of all is the coverage.';
  return [
    labelled('messages_consumed', help, 'outcome', {
      with_context: messages.withContext,
      without_context: messages.withoutContext,
      malformed: messages.malformed,
    }),
  ];
}

function registryMetrics({ registries }: TracingStats): Metric[] {
  return [
    gauge('registry_entries', 'Span contexts kept for later links.', registries.size),
    counter('registry_hits', 'Look-ups that found a span context.', registries.hits),
    counter('registry_misses', 'Look-ups that found none.', registries.misses),
    labelled('registry_evictions', 'Span contexts evicted, by reason.', 'reason', {
      size: registries.evictedBySize,
      age: registries.evictedByAge,
    }),
    labelled('registry_shared_reads', 'Questions to the shared store, by outcome.', 'outcome', {
      hit: registries.sharedHits,
      miss: registries.sharedMisses,
      error: registries.sharedErrors,
    }),
    labelled('registry_shared_writes', 'Writes to the shared store, by outcome.', 'outcome', {
      written: registries.writes,
      failed: registries.writesFailed,
      dropped: registries.writesDropped,
    }),
    gauge('registry_shared_writes_queued', 'Writes waiting or under way.', registries.writesQueued),
  ];
}

function gauge(name: string, help: string, value: number): Metric {
  return { name: `${PREFIX}_${name}`, help, type: 'gauge', samples: [{ value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { name: `${PREFIX}_${name}_total`, help, type: 'counter', samples: [{ value }] };
}

function labelled(
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): Metric {
  const samples = Object.entries(values).map(([key, value]) => ({
    label: `${label}="${key}"`,
    value,
  }));
  return { name: `${PREFIX}_${name}_total`, help, type: 'counter', samples };
}

function textOf({ name, help, type, samples }: Metric): string {
  const lines = samples.map(({ label, value }) => `${name}${label ? `{${label}}` : ''} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
